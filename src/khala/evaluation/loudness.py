"""The loudness of a song: as a whole, and from second to second."""

from dataclasses import dataclass

import numpy as np

from khala.audio.limiter import true_peak
from khala.audio.loudness import integrated_loudness
from khala.scoring.types import Array

FLOOR_DB = -70.0
"""Lower levels count as this one."""


@dataclass(frozen=True)
class Loudness:
    """`integrated` loudness in LUFS and `true_peak` in dBTP (None: silence); `span` is the distance in dB between the
    10th and the 95th percentile of the level."""

    integrated: float | None
    true_peak: float | None
    span: float


def loudness(samples: Array, rate: int) -> Loudness:
    """Measure samples [channels, N]; NaN and infinity count as silence."""
    clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
    low, high = np.percentile(level(clean, rate), [10, 95])
    return Loudness(integrated_loudness(clean, rate), true_peak(clean), float(high - low))


def level(samples: Array, rate: int, seconds: float = 1.0) -> Array:
    """Return the level [windows] in dB full scale of consecutive windows of samples [channels, N]; a last window that
    is less than half full is left out, unless it is the only one."""
    width = max(1, round(rate * seconds))
    clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    starts = range(0, max(1, clean.shape[1] - width // 2), width)
    power = [np.square(clean[:, start : start + width], dtype=np.float64).mean() for start in starts]
    return np.asarray(np.maximum(FLOOR_DB, 10 * np.log10(np.maximum(power, 1e-12))))
