import dataclasses
import math

import pytest
import torch

from khala.audio.mel import mel_filters
from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.features import Analysis

CONFIG = SpectralConfig()
HOP = CONFIG.hop


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(CONFIG)


def sine(frequency: float, frames: int, left: float = 0.5, right: float = 0.5) -> torch.Tensor:
    wave = torch.sin(2 * torch.pi * frequency * torch.arange(frames * HOP) / CONFIG.sample_rate)
    return torch.stack([left * wave, right * wave])[None]


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (HOP, 1), (HOP + 1, 2), (3 * HOP, 3)])
def test_a_begun_frame_counts(analysis: Analysis, samples: int, frames: int):
    assert analysis(torch.randn(1, 2, samples)).shape == (1, frames, sum(analysis.widths))


def test_moving_the_song_by_frames_moves_the_features(analysis: Analysis):
    samples = 0.1 * torch.randn(1, 2, 20 * HOP)
    later = torch.nn.functional.pad(samples, (3 * HOP, 0))
    # The long spectrum reaches two frames to either side, where one song has its beginning and the other silence.
    assert torch.equal(analysis(samples)[:, 2:18], analysis(later)[:, 5:21])


def test_a_frame_is_about_its_own_samples(analysis: Analysis):
    click = torch.zeros(1, 2, 9 * HOP)
    click[..., 4 * HOP + HOP // 2] = 1.0
    mid, *_ = analysis.split(analysis(click))
    loudness = mid[0].exp().sum(1).view(9, 4).sum(1)
    assert loudness.argmax() == 4
    before, after = (
        click.roll(shift, 2) for shift in (-HOP // 2, HOP // 2 - 1)
    )  # the first and the last sample of frame 4
    for moved in (before, after):
        mid, *_ = analysis.split(analysis(moved))
        assert mid[0].exp().sum(1).view(9, 4).sum(1).argmax() == 4


def test_balance_tells_left_from_right(analysis: Analysis):
    left = analysis.split(analysis(sine(1000, 6, left=0.5, right=0.1)))
    right = analysis.split(analysis(sine(1000, 6, left=0.1, right=0.5)))
    assert torch.allclose(left[0], right[0], atol=1e-4) and torch.allclose(left[1], right[1], atol=1e-4)
    band = mel_filters(CONFIG.balance_bands, CONFIG.fft // 2 + 1, CONFIG.sample_rate)[
        :, round(1000 / 44100 * CONFIG.fft)
    ].argmax()
    assert left[2][0, 12, band] > 0.5 and right[2][0, 12, band] < -0.5


def test_a_tone_reads_alike_in_the_short_and_the_long_window(analysis: Analysis):
    """A quarter of the short window's samples, by its amplitude: what a Hann window leaves of a sine."""
    frequency = 3 * CONFIG.sample_rate / CONFIG.fft  # in the middle of a bin of either
    low = analysis.split(analysis(sine(frequency, 8)))[3][0, 4]
    assert low.max().item() == pytest.approx(math.log(0.5 * CONFIG.fft / 4), abs=0.01)


def test_bass_notes_a_semitone_apart_differ(analysis: Analysis):
    peaks = [analysis.split(analysis(sine(f, 8)))[3][0, 4].argmax().item() + 1 for f in (55.0, 61.7)]
    assert peaks == [round(f * CONFIG.low_fft / CONFIG.sample_rate) for f in (55.0, 61.7)]


def test_transform_and_back(analysis: Analysis):
    samples = torch.randn(2, 2, 7 * HOP)
    spectrum = analysis.stft(samples)
    assert spectrum.shape == (2, 2, 28, 1025)
    assert torch.allclose(analysis.istft(spectrum), samples, atol=1e-5)


def test_the_number_of_mel_bands_is_configured():
    few = Analysis(dataclasses.replace(CONFIG, bands=40))
    assert few.mel.shape == (40, 1025)
