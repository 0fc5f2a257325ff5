"""Raised-cosine fades."""

import numpy as np

from khala.audio.samples import Samples


def fade_in(samples_CN: Samples, seconds: float, rate: int) -> Samples:
    """Return a copy of `samples_CN` that rises from silence over its first `seconds`, or over all of it if shorter."""
    faded_CN = samples_CN.copy()
    ramp_N = _ramp(samples_CN, seconds, rate)
    faded_CN[:, : len(ramp_N)] *= ramp_N
    return faded_CN


def fade_out(samples_CN: Samples, seconds: float, rate: int) -> Samples:
    """Return a copy of `samples_CN` that falls to silence over its last `seconds`, or over all of it if shorter."""
    faded_CN = samples_CN.copy()
    ramp_N = _ramp(samples_CN, seconds, rate)
    faded_CN[:, samples_CN.shape[1] - len(ramp_N) :] *= ramp_N[::-1]
    return faded_CN


def _ramp(samples_CN: Samples, seconds: float, rate: int) -> Samples:
    length = min(round(seconds * rate), samples_CN.shape[1])
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(1, length)), np.float32)
