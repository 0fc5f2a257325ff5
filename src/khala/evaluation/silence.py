"""Silence inside a song, before it and after it."""

from dataclasses import dataclass

import numpy as np

from khala.scoring.types import Array

THRESHOLD = 10 ** (-60 / 20)
"""Root mean square, -60 dB of full scale, up to which a window is silent."""
WINDOW_SECONDS = 0.05


@dataclass(frozen=True)
class Silence:
    """Seconds without sound: `before` the first sound, `after` the last one, and the `longest` gap between them."""

    before: float
    after: float
    longest: float


def silence(samples: Array, rate: int) -> Silence:
    """Measure samples [channels, N] in windows of 50 ms. Without any sound, all of them are one gap."""
    width = max(1, round(rate * WINDOW_SECONDS))
    seconds = samples.shape[-1] / rate
    windows = np.nan_to_num(samples[:, : samples.shape[1] // width * width]).reshape(samples.shape[0], -1, width)
    sounding = np.flatnonzero(np.sqrt((windows**2).mean(axis=2)).max(axis=0, initial=0) > THRESHOLD)
    if len(sounding) == 0:
        return Silence(before=0.0, after=0.0, longest=seconds)
    gaps = np.diff(sounding, prepend=sounding[0] - 1) - 1
    return Silence(
        before=float(sounding[0] * width / rate),
        after=max(0.0, seconds - float(sounding[-1] + 1) * width / rate),
        longest=float(gaps.max() * width / rate),
    )
