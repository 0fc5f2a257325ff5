"""Loudness: as the standard measures it, on target, never above the ceiling, never a boost of silence."""

import numpy as np
import pyloudnorm
import pytest
from signals import GRID, RATE, drums, interpolated_peak, sine

from khala.audio.loudness import integrated_loudness, normalise
from khala.audio.resample import resample


def reference(samples: np.ndarray, rate: int) -> float:
    """Loudness in LUFS by pyloudnorm, with the filters of the standard ("DeMan") in place of its own."""
    return float(pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples.T.astype(np.float64)))


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(2).normal(0, 0.1, (2, round(seconds * RATE))).astype(np.float32)


def levels(*stretches: tuple[float, float]) -> np.ndarray:
    """A sine of 1 kHz in both channels: dB full scale and seconds of each stretch."""
    return np.concatenate([sine(1000, 10 ** (level / 20), seconds) for level, seconds in stretches], axis=1)


SIGNALS = {
    "noise": noise(5),
    "drums": drums(10),
    "chord": sum(sine(f, 0.1, 7) * np.float32(1 + np.sin(f)) for f in (55, 110, 277.2, 880, 2500, 9000)),
    "rumble": sine(25, 0.7),
    "constant": sine(997, 0.1) + np.float32(0.5),
    "one channel": noise(3) * np.float32([[1], [0]]),
    "mono": noise(3)[:1],
    "opposite channels": sine(300, 0.3) * np.float32([[1], [-1]]),
    "quiet passages": np.concatenate([noise(3), 0.03 * noise(6), 0.3 * noise(2.5), 1e-5 * noise(4)], axis=1),
    "just above the gate": levels((-69, 4)),
    "a block": noise(0.45),
    "two blocks": noise(0.55),
}


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize(("rate", "tolerance"), [(RATE, 0.01), (48000, 1e-6)])
def test_loudness_agrees_with_the_reference_meter(name: str, rate: int, tolerance: float) -> None:
    """At 48 kHz both have the coefficients of the standard, at other rates both come near their response. Signals are
    cut to whole steps, because the reference counts a last block of which there is more than half a step too little."""
    steps = SIGNALS[name].shape[1] * 10 // rate
    samples = SIGNALS[name][:, : steps * rate // 10]
    assert integrated_loudness(samples, rate) == pytest.approx(reference(samples, rate), abs=tolerance)


def test_loudness_of_a_known_tone() -> None:
    """BS.1770-4: 997 Hz at full scale in one channel is -3.01 LUFS."""
    tone = sine(997, 1.0)
    tone[1] = 0
    assert integrated_loudness(tone, RATE) == pytest.approx(-3.01, abs=0.01)
    assert integrated_loudness(sine(997, 0.1), RATE) == pytest.approx(-20.0, abs=0.01)


@pytest.mark.parametrize(
    "stretches",
    [
        [(-36, 10), (-23, 60), (-36, 10)],
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
        [(-26, 20), (-20, 20.1), (-26, 20)],
    ],
)
def test_what_is_quiet_does_not_count(stretches: list[tuple[float, float]]) -> None:
    """EBU Tech 3341, test signals 3 to 5: -23 LUFS."""
    assert integrated_loudness(levels(*stretches), RATE) == pytest.approx(-23.0, abs=0.03)


@pytest.mark.parametrize("rate", [11025, 22050, 44100, 96000, 192000])
def test_the_rate_does_not_matter(rate: int) -> None:
    """Noise bursts of up to 4 kHz, which every one of the rates can hold."""
    slow = resample(drums(6), 48000, 8000)
    expected = reference(resample(slow, 8000, 48000), 48000)
    assert integrated_loudness(resample(slow, 8000, rate), rate) == pytest.approx(expected, abs=0.01)


def test_a_signal_shorter_than_a_block_has_silence_after_it() -> None:
    padded = np.pad(noise(0.15), ((0, 0), (0, round(0.26 * RATE))))
    assert integrated_loudness(noise(0.15), RATE) == pytest.approx(reference(padded, RATE), abs=0.01)


def test_a_block_that_is_not_complete_does_not_count() -> None:
    ends = np.concatenate([0.1 * noise(1), noise(0.099)], axis=1)
    assert integrated_loudness(ends, RATE) == integrated_loudness(ends[:, :RATE], RATE)
    assert integrated_loudness(levels((-71, 4)), RATE) is None


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
