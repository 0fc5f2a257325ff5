"""Songs of a corpus as audio: which are held out, and random excerpts of the others."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from khala.audio.resample import resample
from khala.corpus.data.split import is_held_out
from khala.music.errors import InvalidRequest


def find_songs(corpus: Path) -> tuple[list[Path], list[Path]]:
    """Return the audio files of the songs under `corpus`: (to learn from, held out). A song exists if its JSON does.

    The split goes by the songs' names, so it stays as it is while a corpus grows. Raises InvalidRequest if there are
    fewer than two songs.
    """
    songs = [path.with_suffix(".flac") for path in sorted(corpus.rglob("song-*.json"), key=lambda path: path.name)]
    if len(songs) < 2:
        raise InvalidRequest(
            f"{corpus} holds {len(songs)} songs; training needs more: make some with khala corpus synth or ingest"
        )
    held_out = [path for path in songs if is_held_out(path.stem)] or songs[-1:]
    out = set(held_out)
    return [path for path in songs if path not in out], held_out


def read_excerpt(path: Path, start: int, samples: int, rate: int | None = None) -> Tensor:
    """Read float32 samples [C, n] from sample `start` on, n <= `samples` at the end of the song; with a `rate` in Hz
    both are counted, and the song is resampled, at that rate."""
    own = soundfile.info(path).samplerate if rate else 0
    if not rate or own == rate:
        data_NC, _ = soundfile.read(path, frames=samples, start=start, dtype="float32", always_2d=True)
        return torch.from_numpy(np.ascontiguousarray(data_NC.T))
    first, count = start * own // rate, -(-samples * own // rate)
    data_NC, _ = soundfile.read(path, frames=count, start=first, dtype="float32", always_2d=True)
    return torch.from_numpy(resample(data_NC.T, own, rate)[:, :samples])


def read_middle(path: Path, seconds: int, rate: int) -> Tensor:
    """Read that many seconds from the middle of a song, at `rate` Hz -> float32 [C, n]; all of a shorter one."""
    found = soundfile.info(path)
    start = max(found.frames - seconds * found.samplerate, 0) // 2
    return read_excerpt(path, start * rate // found.samplerate, seconds * rate, rate)


def excerpts(
    songs: list[Path], frames: int, hop: int, generator: np.random.Generator, rate: int | None = None
) -> Iterator[tuple[Path, int]]:
    """Yield (song, first frame) without end: every song once in random order, then again, each at a random frame of
    `hop` samples at `rate` Hz, or at the song's own rate."""
    while True:
        for index in generator.permutation(len(songs)):
            found = soundfile.info(songs[index])
            total = found.frames * (rate or found.samplerate) // found.samplerate // hop
            yield songs[index], int(generator.integers(max(total - frames, 0) + 1))


def read_batch(
    songs: list[Path], count: int, frames: int, hop: int, generator: np.random.Generator, rate: int | None = None
) -> Tensor:
    """Read `count` random excerpts of `frames` frames of `hop` samples -> float32 [count, C, frames * hop]; a song that
    is shorter ends in silence."""
    chosen = islice(excerpts(songs, frames, hop, generator, rate), count)
    parts = [read_excerpt(path, first * hop, frames * hop, rate) for path, first in chosen]
    return torch.stack([torch.nn.functional.pad(part, (0, frames * hop - part.shape[1])) for part in parts])


def require_fitting(songs: list[Path], channels: int, seconds: float) -> None:
    """Raise InvalidRequest for a song with another number of channels, or one that is shorter than so many seconds."""
    for song in songs:
        found = soundfile.info(song)
        if found.channels != channels:
            raise InvalidRequest(
                f"{song} has {found.channels} channel{'s' * (found.channels > 1)}, the codec {channels}; "
                "let khala corpus ingest take it in"
            )
        if found.duration < seconds:
            raise InvalidRequest(
                f"{song} lasts {found.duration:.2f} s, an excerpt of the recipe {seconds:.2f} s; "
                "remove it, or lower the recipe's frames"
            )
