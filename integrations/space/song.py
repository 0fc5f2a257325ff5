"""A song of Khala Mini for the page of the Space, which knows nothing of models."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from khala.generation.pipeline import Pipeline
from khala.music.lyric_files import lyric_file

MAX_SECONDS = 60
"""Longest song: a free host has two slow cores, and others wait."""


@dataclass(frozen=True)
class Song:
    """A finished song: its file, its lines as (text, start, end) in seconds, and the same as LRC."""

    file: Path
    lines: list[tuple[str, float, float]]
    lrc: str


def sing(
    pipe: Pipeline, lyrics: str, style: str, seconds: float, seed: int | None, folder: Path
) -> Iterator[bytes | Song]:
    """Yield the sound of a song while it is made, a WAV file for each part, and then the song, its file in `folder`.
    Without lyrics it is an instrumental. Raises InvalidRequest."""
    words = {"lyrics": lyrics} if lyrics.strip() else {"instrumental": True}
    held: list[np.ndarray] = []
    playing = False
    with pipe.live(**words, prompt=style, duration=min(seconds, MAX_SECONDS), seed=seed) as live:
        for block in live:
            held.append(block.samples)
            playing = playing or block.can_start
            if playing:
                yield _wav(np.concatenate(held, axis=1), live.rate)
                held.clear()
        take = live.take
    timed = [line for line in take.lyrics_timed or () if line.start is not None and line.end is not None]
    lines = [(line.text, line.start, line.end) for line in timed]
    yield Song(take.save(folder / "song.mp3"), lines, lyric_file(timed, "lrc") if timed else "")


def _wav(samples_2N: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples_2N.T, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
