"""Similarity of sections: the chorus returns if two choruses are more alike than a verse and a chorus.

The sections of a corpus song are those of its truth. In any other song without an outline the recogniser aligns the
lyrics with the audio (`ctc.force_align`), and a section lasts from its first phone to its last. Where the words
cannot be heard, that is little better than sharing out the sung time by the number of phones; sections without words
are not found at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from khala.evaluation.sections import SectionSpan
from khala.music.reading import sections
from khala.scoring.ctc import force_align
from khala.scoring.key import chroma
from khala.scoring.spectrum import RATE, mel, mono
from khala.scoring.types import Array
from khala.scoring.words import PhonePosteriors, phone_lines

HOP = 2048
FRAMES_PER_SECOND = RATE / HOP
BANDS = 24
SLACK_SECONDS = 1.0
"""Shift of two sections against each other, at most, to find where they agree best."""
MIN_SECONDS = 2.0
"""A shorter section is not compared."""


@dataclass(frozen=True)
class Structure:
    """Mean similarity -1..1 of two choruses, and of a verse and a chorus."""

    choruses: float
    others: float

    @property
    def returns(self) -> bool:
        return self.choruses > self.others


def compare_sections(samples: Array, rate: int, parts: Sequence[SectionSpan]) -> Structure | None:
    """Compare the sections of samples [channels, N]; None without two choruses and a verse that can be compared."""
    frames, shortest = _frames(samples, rate), MIN_SECONDS * FRAMES_PER_SECOND
    pieces = {
        name: [piece for part in parts if part.name == name and len(piece := _cut(frames, part)) >= shortest]
        for name in ("chorus", "verse")
    }
    if len(pieces["chorus"]) < 2 or not pieces["verse"]:
        return None
    return Structure(
        choruses=float(np.mean([similarity(a, b) for a, b in combinations(pieces["chorus"], 2)])),
        others=float(np.mean([similarity(a, b) for a, b in product(pieces["verse"], pieces["chorus"])])),
    )


def locate_sections(heard: PhonePosteriors, lyrics: str) -> tuple[SectionSpan, ...]:
    """Return the sections with words, aligned with a song; none if there are more phones than frames."""
    lines = phone_lines(lyrics)
    try:
        spans = force_align(heard.frames, [phone for _, line in lines for phone in line])
    except ValueError:
        return ()
    names = [section.name for section in sections(lyrics)]
    owners = [number for number, line in lines for _ in line]
    parts = []
    for number in dict.fromkeys(owners):
        inside = [span for span, owner in zip(spans, owners, strict=True) if owner == number]
        parts.append(SectionSpan(inside[0][0] / heard.frame_rate, inside[-1][1] / heard.frame_rate, 0.0, names[number]))
    return tuple(parts)


def similarity(one: Array, other: Array) -> float:
    """Return the mean correlation of the frames [T, F] of two sections, the shorter laid against the longer where they
    agree best: anywhere inside it, and up to `SLACK_SECONDS` over its edges."""
    short, long = sorted((one, other), key=len)
    slack = round(SLACK_SECONDS * FRAMES_PER_SECOND)
    best = -1.0
    for lag in range(-slack, len(long) - len(short) + slack + 1):
        a, b = short[max(-lag, 0) : len(long) - lag], long[max(lag, 0) : lag + len(short)]
        if len(a) >= len(short) / 2:
            best = max(best, float((a * b).sum(axis=1).mean()))
    return best


def _frames(samples: Array, rate: int) -> Array:
    """Log-mel bands and chroma [T, BANDS + 12], about eleven times a second: every column relative to the song, every
    row of length one, so that the product of two rows is their correlation."""
    log = np.log(mel(mono(samples, rate), RATE, BANDS, hop=HOP) + 1e-2)
    notes = chroma(samples, rate)
    length = min(len(log), len(notes))
    rows = np.concatenate([_standardised(log[:length]), _standardised(notes[:length]) * np.sqrt(BANDS / 12)], axis=1)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def _standardised(columns: Array) -> Array:
    return np.asarray((columns - columns.mean(axis=0)) / (columns.std(axis=0) + 1e-6))


def _cut(frames: Array, part: SectionSpan) -> Array:
    return frames[round(part.start * FRAMES_PER_SECOND) : round(part.end * FRAMES_PER_SECOND)]
