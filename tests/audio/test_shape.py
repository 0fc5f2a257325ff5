"""Fades, peaks and resampling."""

import numpy as np
import pytest

from khala.audio.fades import fade_in, fade_out
from khala.audio.peaks import peaks
from khala.audio.resample import resample

RATE = 44100


def test_fades() -> None:
    ones = np.ones((2, RATE), np.float32)
    out = fade_out(ones, 0.1, RATE)
    assert out[:, -1].max() == 0 and (np.diff(out[0]) <= 0).all()
    assert (out[:, : RATE - 4410] == 1).all() and out[0, RATE - 2206] == pytest.approx(0.5, abs=1e-3)
    assert np.array_equal(fade_in(ones, 0.1, RATE), out[:, ::-1])
    assert (ones == 1).all()


@pytest.mark.parametrize("n", [0, 1, 5])
def test_fade_longer_than_the_sound(n: int) -> None:
    faded = fade_out(np.ones((2, n), np.float32), 1.5, RATE)
    assert faded.shape == (2, n) and not faded[:, -1:].any()


def test_peaks() -> None:
    samples = np.zeros((2, 1000), np.float32)
    samples[0, 250] = 0.7
    samples[:, 600] = -0.3, 0.2  # the channels disagree
    samples[1, 999] = -0.4
    expected = [[0, 0], [0, 0.7], [-0.3, 0.2], [-0.4, 0]]
    assert peaks(samples, 4).tolist() == np.float32(expected).tolist()
    assert peaks(samples[:, :3], 8).shape == (8, 2)
    assert not peaks(samples[:, :0], 8).any()


def test_resample() -> None:
    t = np.arange(RATE) / RATE
    tone = np.tile(0.5 * np.sin(2 * np.pi * 1000 * t), (2, 1)).astype(np.float32)
    there = resample(tone, RATE, 48000)
    assert there.shape == (2, 48000) and there.dtype == np.float32
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    assert np.abs(there[0] - expected)[2000:-2000].max() < 1e-4
    assert resample(tone, RATE, RATE) is tone
