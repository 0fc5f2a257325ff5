"""Loudness: on target, never above the ceiling, never a boost of silence."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from khala.audio.loudness import integrated_loudness, limit, normalise, true_peak

RATE = 44100
GRID = 0.2  # dB that a 4-fold grid may miss of noise up to 16 kHz


def sine(frequency: float, amplitude: float, seconds: float = 2.0, phase: float = 0.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.tile(amplitude * np.sin(2 * np.pi * frequency * t + phase), (2, 1)).astype(np.float32)


def drums(seconds: float = 8.0) -> np.ndarray:
    """Noise bursts (up to 16 kHz) four times a second over a quiet bed: 19 dB from loudness to peak."""
    t = np.arange(round(seconds * RATE)) / RATE
    noise = sosfilt(butter(8, 16000, fs=RATE, output="sos"), np.random.default_rng(1).normal(0, 1, (2, len(t))))
    return (noise * (0.15 * np.exp(-(t * 4 % 1) * 6) + 0.01)).astype(np.float32)


def interpolated_peak(samples: np.ndarray) -> float:
    """True peak in dB by another road: 8-fold interpolation of the whole signal in the frequency domain."""
    n = samples.shape[1]
    fine = np.fft.irfft(np.fft.rfft(samples.astype(np.float64)), 8 * n) * 8
    return 20 * float(np.log10(np.abs(fine).max()))


def test_loudness_of_a_known_tone() -> None:
    """BS.1770: 997 Hz at full scale in one channel is -3.01 LUFS."""
    tone = sine(997, 1.0)
    tone[1] = 0
    assert integrated_loudness(tone, RATE) == pytest.approx(-3.01, abs=0.1)
    assert integrated_loudness(sine(997, 0.1), RATE) == pytest.approx(-20.0, abs=0.1)


def test_true_peak_between_the_samples() -> None:
    tone = sine(RATE / 4, 0.5, phase=np.pi / 4) * np.hanning(2 * RATE).astype(np.float32)
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-9.03, abs=0.01)
    assert true_peak(tone) == pytest.approx(-6.02, abs=0.02)


@pytest.mark.parametrize("frequency", [50, 3000, 12345, 19000])
def test_true_peak_of_tones(frequency: float) -> None:
    tone = sine(frequency, 0.8, phase=1) * np.hanning(2 * RATE).astype(np.float32)
    assert true_peak(tone) == pytest.approx(interpolated_peak(tone), abs=0.05)


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


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_normalise_hits_the_target(scale: float) -> None:
    result = normalise(scale * drums(), RATE)
    assert result.loudness == pytest.approx(-14.0, abs=0.5)
    assert result.loudness == pytest.approx(integrated_loudness(result.samples, RATE), abs=1e-6)
    assert result.true_peak is not None and result.true_peak <= -1.0 + 1e-4
    assert interpolated_peak(result.samples) <= -1 + GRID


def test_normalise_turns_down_too() -> None:
    result = normalise(sine(440, 0.9), RATE)
    assert result.gain < 0 and result.loudness == pytest.approx(-14.0, abs=0.1)


def test_quiet_is_boosted_no_further_than_allowed() -> None:
    result = normalise(sine(440, 0.001), RATE)
    assert result.gain == 20.0
    assert result.loudness == pytest.approx(integrated_loudness(sine(440, 0.001), RATE) + 20.0, abs=0.05)


def test_silence_stays_silence() -> None:
    result = normalise(np.zeros((2, RATE), np.float32), RATE)
    assert not result.samples.any()
    assert (result.gain, result.loudness, result.true_peak) == (0.0, None, None)


@pytest.mark.parametrize("n", [0, 1, 100, 17_640, 17_641])
def test_short(n: int) -> None:
    result = normalise(sine(440, 0.5)[:, :n], RATE)
    assert result.samples.shape == (2, n) and np.isfinite(result.samples).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_raises(bad: float) -> None:
    samples = sine(440, 0.5)
    samples[0, 5] = bad
    with pytest.raises(ValueError, match="NaN"):
        normalise(samples, RATE)
