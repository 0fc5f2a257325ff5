"""Songs for the codec: which are held out, and random excerpts of the others."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from khala.music.errors import InvalidRequest

HELD_OUT_SHARE = 50  # one song in so many


def find_songs(corpus: Path) -> tuple[list[Path], list[Path]]:
    """Audio files of the songs under the corpus folder -> (to learn from, held out); a song exists if its JSON does.

    The split goes by the songs' names, so it stays as it is while a corpus grows. Raises InvalidRequest if there are
    fewer than two songs.
    """
    songs = [path.with_suffix(".flac") for path in sorted(corpus.rglob("song-*.json"), key=lambda path: path.name)]
    if len(songs) < 2:
        raise InvalidRequest(f"{corpus} holds {len(songs)} songs; the codec needs more: khala corpus synth makes them")
    held_out = [path for path in songs if zlib.crc32(path.stem.encode()) % HELD_OUT_SHARE == 0] or songs[-1:]
    out = set(held_out)
    return [path for path in songs if path not in out], held_out


def read_excerpt(path: Path, start: int, samples: int) -> Tensor:
    """Float32 samples [2, n] from sample ``start`` on, n <= ``samples`` at the end of the song."""
    data, _ = soundfile.read(path, frames=samples, start=start, dtype="float32", always_2d=True)
    return torch.from_numpy(np.ascontiguousarray(data.T))


def excerpts(songs: list[Path], frames: int, hop: int, generator: np.random.Generator) -> Iterator[tuple[Path, int]]:
    """Endless (song, first frame) pairs: every song once in random order, then again, each at a random whole frame."""
    while True:
        for index in generator.permutation(len(songs)):
            total = soundfile.info(songs[index]).frames // hop
            yield songs[index], int(generator.integers(max(total - frames, 0) + 1))
