"""Resampling."""

import numpy as np

from khala.audio.resample import resample

RATE = 44100


def test_resample() -> None:
    t = np.arange(RATE) / RATE
    tone = np.tile(0.5 * np.sin(2 * np.pi * 1000 * t), (2, 1)).astype(np.float32)
    there = resample(tone, RATE, 48000)
    assert there.shape == (2, 48000) and there.dtype == np.float32
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    assert np.abs(there[0] - expected)[2000:-2000].max() < 1e-4
    assert resample(tone, RATE, RATE) is tone
