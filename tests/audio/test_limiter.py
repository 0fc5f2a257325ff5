"""True peaks between samples as well as on them; the limiter: never above the ceiling, at work around a peak alone."""

import numpy as np
import pytest
from signals import GRID, RATE, drums, interpolated_peak, sine

from khala.audio.limiter import BLOCK_SAMPLES, envelope, limit, true_peak


def test_true_peak_between_the_samples() -> None:
    tone = sine(RATE / 4, 0.5, phase=np.pi / 4) * np.hanning(2 * RATE).astype(np.float32)
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-9.03, abs=0.01)
    assert true_peak(tone) == pytest.approx(-6.02, abs=0.02)


@pytest.mark.parametrize("frequency", [50, 3000, 12345, 19000])
def test_true_peak_of_tones(frequency: float) -> None:
    tone = sine(frequency, 0.8, phase=1) * np.hanning(2 * RATE).astype(np.float32)
    assert true_peak(tone) == pytest.approx(interpolated_peak(tone), abs=0.05)


@pytest.mark.parametrize("place", [0, 1, 511, 16_383, 16_384, 32_767, 39_998])
def test_the_envelope_of_a_peak_is_the_same_everywhere(place: int) -> None:
    """Between two equal samples a band-limited waveform rises to 4 / pi of them; stretches are of 16,384 samples."""
    samples = np.zeros((2, 40_000), np.float32)
    samples[1, place : place + 2] = 0.5
    assert true_peak(samples) == pytest.approx(20 * np.log10(0.5 * 4 / np.pi), abs=0.1)
    assert int(envelope(samples).argmax()) == place // BLOCK_SAMPLES
    assert true_peak(samples) == true_peak(np.roll(samples, 12_345 - place, axis=1))


@pytest.mark.parametrize("gain", [0.5, 3.0, 20.0])
def test_limit_holds_the_ceiling(gain: float) -> None:
    limited = limit(gain * drums(), RATE, -1.0)
    assert interpolated_peak(limited) <= -1 + GRID
    assert limited.dtype == np.float32


def test_limit_leaves_what_is_below_the_ceiling() -> None:
    quiet = 0.2 * drums()
    assert np.array_equal(limit(quiet, RATE), quiet)


def test_limit_only_acts_around_a_peak() -> None:
    samples = sine(200, 0.3, 4)
    samples[:, 2 * RATE] = 1.6
    limited = limit(samples, RATE)
    assert np.array_equal(limited[:, : 2 * RATE - 300], samples[:, : 2 * RATE - 300])
    assert np.allclose(limited[:, 3 * RATE :], samples[:, 3 * RATE :], atol=1e-4)
    ratio = limited[0, RATE:] / samples[0, RATE:]
    assert np.nanmax(np.abs(np.diff(ratio))) < 0.01  # the gain glides


def test_limit_looks_3_ms_ahead_and_recovers_to_1_over_e_in_80_ms() -> None:
    samples = np.full((2, 2 * RATE), 0.5, np.float32)
    samples[:, RATE] = 2.0
    taken = 1 - limit(samples, RATE)[0] / 0.5
    after = RATE + round(0.02 * RATE)
    assert taken[after] > 0.3
    assert taken[after + round(0.080 * RATE)] == pytest.approx(taken[after] / np.e, rel=0.01)
    assert taken[after + round(0.240 * RATE)] == pytest.approx(taken[after] / np.e**3, rel=0.02)
    begins = int(np.flatnonzero(taken > 1e-3)[0])
    assert 0.003 <= (RATE - begins) / RATE <= 0.009, "the hold, and the glide into it"
