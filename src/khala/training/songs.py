"""Songs of a corpus as audio: which are held out, and random excerpts of the others."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from khala.corpus.data.split import is_held_out
from khala.music.errors import InvalidRequest


def find_songs(corpus: Path) -> tuple[list[Path], list[Path]]:
    """Return the audio files of the songs under `corpus`: (to learn from, held out). A song exists if its JSON does.

    The split goes by the songs' names, so it stays as it is while a corpus grows. Raises InvalidRequest if there are
    fewer than two songs.
    """
    songs = [path.with_suffix(".flac") for path in sorted(corpus.rglob("song-*.json"), key=lambda path: path.name)]
    if len(songs) < 2:
        raise InvalidRequest(f"{corpus} holds {len(songs)} songs; training needs more: khala corpus synth makes them")
    held_out = [path for path in songs if is_held_out(path.stem)] or songs[-1:]
    out = set(held_out)
    return [path for path in songs if path not in out], held_out


def read_excerpt(path: Path, start: int, samples: int) -> Tensor:
    """Read float32 samples [2, n] from sample `start` on, n <= `samples` at the end of the song."""
    data, _ = soundfile.read(path, frames=samples, start=start, dtype="float32", always_2d=True)
    return torch.from_numpy(np.ascontiguousarray(data.T))


def excerpts(songs: list[Path], frames: int, hop: int, generator: np.random.Generator) -> Iterator[tuple[Path, int]]:
    """Yield (song, first frame) without end: every song once in random order, then again, each at a random frame."""
    while True:
        for index in generator.permutation(len(songs)):
            total = soundfile.info(songs[index]).frames // hop
            yield songs[index], int(generator.integers(max(total - frames, 0) + 1))
