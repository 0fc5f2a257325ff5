"""The distance by which a waveform codec learns."""

import math

import torch

from khala.training.objectives.codec.mel_loss import SCALES, MelDistance


def tone(hertz: float, amplitude: float = 0.5) -> torch.Tensor:
    return amplitude * torch.sin(2 * math.pi * hertz * torch.arange(8192) / 44100).expand(1, 2, -1)


def test_it_is_zero_for_the_same_and_grows_with_the_interval() -> None:
    distance, song = MelDistance(44100), tone(440)
    near, far = (distance(tone(hertz), song) for hertz in (466, 880))
    assert distance(song, song) == 0 < near < far


def test_phase_is_nothing_to_it_and_loudness_counts_by_ratio() -> None:
    distance, song = MelDistance(44100), 0.1 * torch.randn(1, 2, 8192, generator=torch.Generator().manual_seed(1))
    assert distance(-song, song) == 0
    assert abs(distance(song / 10, song) - len(SCALES)) < 0.1, "a tenth is one in each scale"
    assert distance(0 * song, song).isfinite()
