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
    """FLAC files under the corpus folder in order of name -> (to learn from, held out). By name, so that a growing corpus keeps its split."""
    songs = sorted(corpus.rglob("*.flac"), key=lambda path: path.name)
    held_out = [path for path in songs if zlib.crc32(path.stem.encode()) % HELD_OUT_SHARE == 0]
    if len(songs) < 2:
        raise InvalidRequest(
            f"{corpus} holds {len(songs)} FLAC files; the codec needs songs: make some with khala corpus synth"
        )
    held_out = held_out or songs[-1:]
    kept_out = set(held_out)
    return [path for path in songs if path not in kept_out], held_out


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
