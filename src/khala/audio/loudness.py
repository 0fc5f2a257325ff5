"""Integrated loudness (ITU-R BS.1770-4), and normalisation to it without clipping."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray

from khala.audio.limiter import envelope, limit, true_peak
from khala.audio.samples import Samples

SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
"""BS.1770-4, tables 1 and 2: the filters of K-weighting, numerator and denominator in powers of z^-1."""
FILTERS_HZ = 48000  # the sample rate that the tables are for; at others the filters shall respond alike
OFFSET_LU = -0.691  # of a mean square in dB: a sine of 997 Hz, which the filters raise, reads as its level
BLOCK_STEPS, STEPS_PER_SECOND = 4, 10  # gating blocks of 400 ms that overlap by 75 %
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
TARGET_LUFS = -14.0
MAX_BOOST_DB = 20.0  # a take that needs more is near silence, and boosting it would only amplify its noise
TOLERANCE_LU = 0.1


@dataclass(frozen=True)
class Normalised:
    """Samples `[channels, n]` brought to a loudness; `gain` in dB is what was applied before the limiter, `loudness` in
    LUFS (None: too quiet to have one) and `true_peak` in dBTP (None: digital silence) are the result's."""

    samples: Samples
    gain: float
    loudness: float | None
    true_peak: float | None


def integrated_loudness(samples_CN: Samples, rate: int) -> float | None:
    """Return the gated loudness in LUFS of samples `[1 or 2, n]`; None if all of it is below the gate of -70 LUFS.

    What is shorter than a block counts as one with silence after it.
    """
    block = math.ceil(BLOCK_STEPS * rate / STEPS_PER_SECOND)
    if samples_CN.shape[1] < block:
        samples_CN = np.pad(samples_CN, ((0, 0), (0, block - samples_CN.shape[1])))
    energy_S = _step_energy(samples_CN, rate)
    blocks_B = np.convolve(energy_S, np.ones(BLOCK_STEPS), mode="valid") * (STEPS_PER_SECOND / BLOCK_STEPS / rate)
    heard_B = blocks_B[blocks_B > _power(ABSOLUTE_GATE_LUFS - OFFSET_LU)]
    if not len(heard_B):
        return None
    loud_B = heard_B[heard_B > heard_B.mean() * _power(RELATIVE_GATE_LU)]
    return float(OFFSET_LU + 10 * np.log10(loud_B.mean()))


def normalise(samples_CN: Samples, rate: int, target: float = TARGET_LUFS, ceiling: float = -1.0) -> Normalised:
    """Bring samples `[1 or 2, n]` to `target` LUFS with a true peak of at most `ceiling` dBTP.

    The limiter costs loudness, so the gain is raised until its result is on target, within 6 dB of what an unlimited
    signal would need: very spiky material ends up quieter. No boost above `MAX_BOOST_DB`; silence stays silence.
    """
    if not np.isfinite(samples_CN).all():
        raise ValueError("samples hold NaN or infinity")
    measured = integrated_loudness(samples_CN, rate)
    if measured is None:
        quiet_CN = limit(samples_CN, rate, ceiling)
        return Normalised(quiet_CN, 0.0, None, true_peak(quiet_CN))
    gain = min(target - measured, MAX_BOOST_DB)
    aim, most = measured + gain, min(gain + 6.0, MAX_BOOST_DB)
    envelope_B = envelope(samples_CN)
    result_CN = limit(samples_CN, rate, ceiling, 10 ** (gain / 20), envelope_B)
    loudness = integrated_loudness(result_CN, rate)
    for _ in range(4):
        if loudness is None or abs(aim - loudness) < TOLERANCE_LU or (loudness < aim and gain >= most):
            break
        gain = min(gain + 1.5 * (aim - loudness), most)  # 1.5: the limiter takes its share of every step
        result_CN = limit(samples_CN, rate, ceiling, 10 ** (gain / 20), envelope_B)
        loudness = integrated_loudness(result_CN, rate)
    peak = 20 * math.log10(float(envelope_B.max())) + gain
    return Normalised(result_CN, gain, loudness, peak if peak <= ceiling else true_peak(result_CN))


def amplify(samples_CN: Samples, rate: int, gain: float, ceiling: float = -1.0) -> Normalised:
    """Make samples `[1 or 2, n]` louder by `gain` dB, with a true peak of at most `ceiling` dBTP. Raises ValueError."""
    if not np.isfinite(samples_CN).all():
        raise ValueError("samples hold NaN or infinity")
    result_CN = limit(samples_CN, rate, ceiling, 10 ** (gain / 20))
    return Normalised(result_CN, gain, integrated_loudness(result_CN, rate), true_peak(result_CN))


def _power(level: float) -> float:
    return float(10 ** (level / 10))


def _step_energy(samples_CN: Samples, rate: int) -> NDArray[np.float64]:
    """Return the sum of the squares of K-weighted samples, over the channels, in each of their whole steps: float64.

    The filters are applied to the spectra of stretches of one to two seconds. Each begins a step early, and what it
    gives there is dropped: until then the filters have forgotten what came before, to less than 1e-9.
    """
    size = 1 << rate.bit_length()
    at_once = size * STEPS_PER_SECOND // rate - 1  # a step less than fits: the one that is dropped
    edges = np.arange(samples_CN.shape[1] * STEPS_PER_SECOND // rate + 1) * rate // STEPS_PER_SECOND
    energy_S = np.zeros(len(edges) - 1)
    for step in range(0, len(energy_S), at_once):
        next_step = min(step + at_once, len(energy_S))
        early, start, stop = edges[[max(0, step - 1), step, next_step]]
        spectrum_CF = np.fft.rfft(samples_CN[:, early:stop].astype(np.float64), size)
        spectrum_CF *= _k_weighting(rate, size)
        weighted_CN = np.fft.irfft(spectrum_CF, size)[:, start - early : stop - early]
        square_N = np.square(weighted_CN, out=weighted_CN).sum(0)
        energy_S[step:next_step] = np.add.reduceat(square_N, edges[step:next_step] - start)
    return energy_S


@lru_cache(maxsize=1)
def _k_weighting(rate: int, size: int) -> NDArray[np.complex128]:
    """Return the response of both filters at the frequencies of a real FFT of `size` samples."""
    hertz = np.minimum(np.fft.rfftfreq(size, 1 / rate), FILTERS_HZ / 2)
    delay = np.exp(-2j * np.pi * hertz / FILTERS_HZ)
    (shelf, shelf_poles), (high_pass, high_pass_poles) = SHELF, HIGH_PASS
    response = polyval(delay, shelf) / polyval(delay, shelf_poles)
    return np.asarray(response * polyval(delay, high_pass) / polyval(delay, high_pass_poles))
