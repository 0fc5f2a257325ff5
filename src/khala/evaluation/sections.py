"""Sections of a song, and whether its level follows them: quiet in quiet sections, loud in loud ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from khala.evaluation.loudness import level
from khala.scoring.types import Array

WINDOW_SECONDS = 0.5
"""Length of the windows of the level curve."""


@dataclass(frozen=True)
class SectionSpan:
    """A section from `start` to `end` in seconds, with its intended `energy` 0..1 and its `name`."""

    start: float
    end: float
    energy: float
    name: str = ""


def form_correlation(samples: Array, rate: int, parts: Sequence[SectionSpan]) -> float | None:
    """Return the correlation -1..1 between the level in dB of samples [channels, N] and the energy of the section that
    sounds.

    The sections are stretched to the length of the samples, so that a song which ends early is compared with its whole
    form. None where either does not change.
    """
    curve = np.clip(level(samples, rate, WINDOW_SECONDS), -50, 0)
    times = (np.arange(len(curve)) + 0.5) / len(curve) * parts[-1].end
    inside = np.searchsorted([part.end for part in parts[:-1]], times, side="right")
    energy = np.array([part.energy for part in parts])[inside]
    if len(curve) < 4 or np.ptp(curve) < 1e-6 or np.ptp(energy) < 1e-6:
        return None
    return float(np.corrcoef(curve, energy)[0, 1])
