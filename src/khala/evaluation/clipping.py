"""Samples that cannot be right: NaN, infinite, or cut flat at the top."""

from dataclasses import dataclass

import numpy as np

from khala.scoring.types import Array

FULL_SCALE = 32766 / 32768
MIN_FLAT_SAMPLES = 4
"""Equal samples in a row that cannot be a wave's own crest, not even at 16 bits and 30 Hz."""


@dataclass(frozen=True)
class Clipping:
    """Counts of samples. `not_finite`: NaN or infinite. `clipped`: in flat tops, which are two or more in a row at full
    scale, or four or more equal ones in a row within 1 dB of the peak (clipped first, turned down later). `peak` is
    linear."""

    not_finite: int
    clipped: int
    peak: float


def clipping(samples: Array) -> Clipping:
    """Count broken samples among samples [channels, N]."""
    not_finite = int((~np.isfinite(samples)).sum())
    clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    size = np.abs(clean)
    peak = float(size.max(initial=0.0))
    full = _run_lengths(size >= FULL_SCALE, np.sign(clean))
    flat = _run_lengths((size >= peak * 10 ** (-1 / 20)) & (peak > 0), clean)
    return Clipping(not_finite=not_finite, clipped=int(((full >= 2) | (flat >= MIN_FLAT_SAMPLES)).sum()), peak=peak)


def _run_lengths(mask: Array, value: Array) -> Array:
    """Length of the run of equal masked samples that each sample lies in; 0 outside the mask."""
    lengths = np.zeros(mask.shape, dtype=np.int64)
    for row, inside, values in zip(lengths, mask, value, strict=True):
        where = np.flatnonzero(inside)
        if len(where):
            breaks = np.flatnonzero((np.diff(where) > 1) | (values[where[1:]] != values[where[:-1]])) + 1
            sizes = np.diff(np.concatenate([[0], breaks, [len(where)]]))
            row[where] = np.repeat(sizes, sizes)
    return lengths
