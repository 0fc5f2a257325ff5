"""Waveform peaks."""

import numpy as np

from khala.audio.peaks import peaks


def test_peaks() -> None:
    samples = np.zeros((2, 1000), np.float32)
    samples[0, 250] = 0.7
    samples[:, 600] = -0.3, 0.2  # the channels disagree
    samples[1, 999] = -0.4
    expected = [[0, 0], [0, 0.7], [-0.3, 0.2], [-0.4, 0]]
    assert peaks(samples, 4).tolist() == np.float32(expected).tolist()
    assert peaks(samples[:, :3], 8).shape == (8, 2)
    assert not peaks(samples[:, :0], 8).any()
