"""Waveform peaks, for drawing."""

import numpy as np

from khala.audio.samples import Samples


def peaks(samples_CN: Samples, columns: int) -> Samples:
    """Return the lowest and highest sample, over all channels, in `columns` equal stretches: float32 `[columns, 2]`."""
    n = samples_CN.shape[1]
    if n == 0:
        return np.zeros((columns, 2), np.float32)
    starts = np.minimum(np.arange(columns) * n // columns, n - 1)
    low_P = np.minimum.reduceat(samples_CN.min(0), starts)
    high_P = np.maximum.reduceat(samples_CN.max(0), starts)
    return np.stack([low_P, high_P], 1)
