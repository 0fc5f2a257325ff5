"""Change of sample rate, by soxr's band-limited interpolation."""

import numpy as np
import soxr

from khala.audio.samples import Samples


def resample(samples_CN: Samples, rate: int, to_rate: int) -> Samples:
    """Samples `[channels, n]` at `rate` Hz -> `[channels, n * to_rate / rate]` at `to_rate` Hz."""
    if rate == to_rate:
        return samples_CN
    return np.ascontiguousarray(soxr.resample(samples_CN.T, rate, to_rate, quality="VHQ").T)
