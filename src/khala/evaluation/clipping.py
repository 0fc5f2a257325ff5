"""Samples that cannot be right: not a number, or cut flat at the top."""

from dataclasses import dataclass

import numpy as np

from khala.scoring.types import Array

FULL_SCALE = 32766 / 32768
FLAT = 4
"""So many equal samples in a row are no longer a wave's own crest, even at 16 bits and 30 Hz."""


@dataclass(frozen=True)
class Clipping:
    """`not_finite` samples; `clipped` samples lie in flat tops: two or more in a row at full scale, or four or more
    equal ones in a row within 1 dB of the file's peak (clipped first, turned down later). `peak` is linear."""

    not_finite: int
    clipped: int
    peak: float


def clipping(samples: Array) -> Clipping:
    """Count over samples [channels, N]."""
    not_finite = int((~np.isfinite(samples)).sum())
    clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    size = np.abs(clean)
    peak = float(size.max(initial=0.0))
    full = _run_lengths(size >= FULL_SCALE, np.sign(clean))
    flat = _run_lengths((size >= peak * 10 ** (-1 / 20)) & (peak > 0), clean)
    return Clipping(not_finite=not_finite, clipped=int(((full >= 2) | (flat >= FLAT)).sum()), peak=peak)


def _run_lengths(mask: Array, value: Array) -> Array:
    """For each sample the length of the run of masked samples of one value that it lies in; 0 outside the mask."""
    lengths = np.zeros(mask.shape, dtype=np.int64)
    for row, inside, values in zip(lengths, mask, value, strict=True):
        where = np.flatnonzero(inside)
        if len(where):
            breaks = np.flatnonzero((np.diff(where) > 1) | (values[where[1:]] != values[where[:-1]])) + 1
            sizes = np.diff(np.concatenate([[0], breaks, [len(where)]]))
            row[where] = np.repeat(sizes, sizes)
    return lengths
