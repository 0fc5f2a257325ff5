"""Loops: passages in which a song does nothing but repeat what it did a moment ago."""

from dataclasses import dataclass

import numpy as np

from khala.scoring.spectrum import RATE, mel, mono
from khala.scoring.types import Array

HOP = 1024
MAX_LAG_SECONDS = 8.0
SAME_NEPERS = 0.1
"""Mean log-mel difference below which two frames are the same (0.9 dB)."""


@dataclass(frozen=True)
class Repetition:
    """The `longest` passage in seconds that equals what came `lag` seconds before it."""

    longest: float
    lag: float


def repetition(samples: Array, rate: int) -> Repetition:
    """Find the longest repetition in samples [channels, N] at a lag of 0.1 to 8 s; silence does not count as one."""
    spectrum = mel(mono(samples, rate), RATE, 24, hop=HOP)
    loud = np.log(spectrum + 1e-3 * max(float(spectrum.max(initial=0.0)), 1e-9))
    sounding = spectrum.sum(axis=1) > 1e-3 * spectrum.sum(axis=1).max(initial=0.0)
    step = HOP / RATE
    best, best_lag = 0, 0
    for lag in range(2, min(round(MAX_LAG_SECONDS / step), len(loud) - 1)):
        same = (np.abs(loud[lag:] - loud[:-lag]).mean(axis=1) < SAME_NEPERS) & sounding[lag:]
        ends = np.flatnonzero(~np.concatenate([same, [False]]))
        run = int(np.diff(ends, prepend=-1).max()) - 1
        if run > best:
            best, best_lag = run, lag
    return Repetition(longest=best * step, lag=best_lag * step)
