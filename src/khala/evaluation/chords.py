"""Agreement of a song with the chords of its truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from khala.scoring.types import Array

INTERVALS = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "sus4": (0, 5, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "min7b5": (0, 3, 6, 10),
}
"""Semitones above the root by the chord qualities that a corpus song's truth names."""


@dataclass(frozen=True)
class ChordSpan:
    """A chord from `start` to `end` in seconds: pitch classes, 0 = C."""

    start: float
    end: float
    classes: tuple[int, ...]


def chord_agreement(chroma_T12: Array, chords: Sequence[ChordSpan]) -> float | None:
    """Return how much of a chroma [T, 12] lies on the notes of the chords that sound, above chance.

    1 is all of it, 0 as much as if it were spread evenly; None where no chord is heard at all. The chords are stretched
    to the length of the chroma, so that a song which ends early is compared with all of them.
    """
    if not chords or not chroma_T12.any():
        return None
    times = (np.arange(len(chroma_T12)) + 0.5) / len(chroma_T12) * chords[-1].end
    agreements = []
    for chord in chords:
        inside = chroma_T12[(times >= chord.start) & (times < chord.end)]
        if inside.any():
            chance = len(chord.classes) / 12
            agreements.append((float(inside[:, list(chord.classes)].sum() / inside.sum()) - chance) / (1 - chance))
    return float(np.mean(agreements)) if agreements else None
