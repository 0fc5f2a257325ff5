"""Loudness normalisation without clipping: integrated loudness (ITU-R BS.1770-4, by pyloudnorm), true peaks, limiter.

A true peak is the largest value of the waveform between the samples as well as on them, found by 4-fold interpolation
(BS.1770-4, annex 2). The limiter looks ahead: the gain falls before a peak arrives and recovers after it.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, maximum_filter1d
from scipy.signal import firwin, upfirdn

from khala.audio.samples import Samples

OVERSAMPLING = 4
TAPS_EACH_SIDE = 12  # samples on either side that an interpolated value is made from
BLOCK_SAMPLES = 32  # samples per value of the limiter's gain, which is interpolated between blocks
LOOK_AHEAD_SECONDS = 0.003
RELEASE_SECONDS = 0.080  # until a reduction has recovered to 1/e
MARGIN_DB = 0.05  # aim below the ceiling: a moving gain can raise a peak between samples by this much
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
    """Return the gated loudness in LUFS of samples `[channels, n]`; None if all of it is below the gate of -70 LUFS."""
    shortest = math.ceil(0.4 * rate) + 1  # one block of the meter
    if samples_CN.shape[1] < shortest:
        samples_CN = np.pad(samples_CN, ((0, 0), (0, shortest - samples_CN.shape[1])))
    loudness = float(pyloudnorm.Meter(rate).integrated_loudness(samples_CN.T))
    return loudness if math.isfinite(loudness) else None


def true_peak(samples_CN: Samples) -> float | None:
    """Return the true peak in dBTP (0 = full scale) of samples `[channels, n]`; None for digital silence."""
    peak = float(_envelope(samples_CN).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else None


def limit(samples_CN: Samples, rate: int, ceiling: float = -1.0) -> Samples:
    """Return samples `[channels, n]` limited to a true peak of at most `ceiling` dBTP, unchanged where below it."""
    return _limit(samples_CN, _envelope(samples_CN), 1.0, rate, ceiling)


def normalise(samples_CN: Samples, rate: int, target: float = -14.0, ceiling: float = -1.0) -> Normalised:
    """Bring samples `[channels, n]` to `target` LUFS with a true peak of at most `ceiling` dBTP.

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
    envelope_B = _envelope(samples_CN)
    result_CN = _limit(samples_CN, envelope_B, 10 ** (gain / 20), rate, ceiling)
    loudness = integrated_loudness(result_CN, rate)
    for _ in range(4):
        if loudness is None or abs(aim - loudness) < TOLERANCE_LU or (loudness < aim and gain >= most):
            break
        gain = min(gain + 1.5 * (aim - loudness), most)  # 1.5: the limiter takes its share of every step
        result_CN = _limit(samples_CN, envelope_B, 10 ** (gain / 20), rate, ceiling)
        loudness = integrated_loudness(result_CN, rate)
    peak = 20 * math.log10(float(envelope_B.max())) + gain
    return Normalised(result_CN, gain, loudness, peak if peak <= ceiling else true_peak(result_CN))


def _limit(samples_CN: Samples, envelope_B: NDArray[np.float32], factor: float, rate: int, ceiling: float) -> Samples:
    """`samples_CN * factor`, its gain lowered around what exceeds the ceiling; `envelope_B` is that of `samples_CN`."""
    highest = 10 ** ((ceiling - MARGIN_DB) / 20) / factor
    if not envelope_B.max(initial=0.0) > highest:
        return samples_CN * np.float32(factor)
    gain_B = factor * (1 - _reduction(envelope_B, highest, rate))
    centres_B = (np.arange(len(gain_B)) + 0.5) * BLOCK_SAMPLES
    return samples_CN * np.interp(np.arange(samples_CN.shape[1]), centres_B, gain_B).astype(np.float32)


def _reduction(envelope_B: NDArray[np.float32], highest: float, rate: int) -> NDArray[np.float64]:
    """Return the gain reduction (0 = none) that keeps `envelope_B` below `highest`: float64, one value per block.

    Needed reduction -> held for the look-ahead on either side -> exponential release -> smoothed over the look-ahead.
    The hold is one block wider than the smoothing, so the smoothed reduction never falls short of the needed one, nor
    does the line between it and its neighbours.
    """
    needed_B = 1 - highest / np.maximum(envelope_B.astype(np.float64), highest)
    half = max(2, round(LOOK_AHEAD_SECONDS * rate / BLOCK_SAMPLES))
    held_B = maximum_filter1d(needed_B, 2 * half + 1, mode="nearest")
    # r[b] = max(held[b], r[b-1] * decay) is a running maximum once the decay is taken out of it.
    decay_B = np.arange(len(held_B)) * (BLOCK_SAMPLES / (RELEASE_SECONDS * rate))
    with np.errstate(divide="ignore"):
        released_B = np.exp(np.maximum.accumulate(np.log(held_B) + decay_B) - decay_B)
    window = np.hanning(2 * half + 1)[1:-1]
    smooth_B: NDArray[np.float64] = convolve1d(released_B, window / window.sum(), mode="nearest")
    return smooth_B


def _envelope(samples_CN: Samples) -> NDArray[np.float32]:
    """Return the largest magnitude, over the channels, of the interpolated waveform in every block of `BLOCK_SAMPLES`
    and the gap to the next: float32 `[ceil(n / BLOCK_SAMPLES)]`."""
    n = samples_CN.shape[1]
    envelope_B = np.zeros(-(-n // BLOCK_SAMPLES), np.float32)
    stretch = 1024 * BLOCK_SAMPLES  # at a time: four times a song's samples need not lie in memory
    for start in range(0, n, stretch):
        stop = min(start + stretch, n)
        left, right = max(0, start - TAPS_EACH_SIDE), min(n, stop + TAPS_EACH_SIDE)
        fine_CM = upfirdn(_kernel(), samples_CN[:, left:right], up=OVERSAMPLING, axis=1)
        first = TAPS_EACH_SIDE * OVERSAMPLING + OVERSAMPLING * (start - left)  # the filter's delay, then the margin
        fine_M = np.abs(fine_CM[:, first : first + OVERSAMPLING * (stop - start)]).max(0)
        starts = np.arange(0, len(fine_M), OVERSAMPLING * BLOCK_SAMPLES)
        envelope_B[start // BLOCK_SAMPLES : start // BLOCK_SAMPLES + len(starts)] = np.maximum.reduceat(fine_M, starts)
    return envelope_B


@cache
def _kernel() -> NDArray[np.float32]:
    taps = 2 * TAPS_EACH_SIDE * OVERSAMPLING + 1
    kernel = OVERSAMPLING * firwin(taps, 1 / OVERSAMPLING, window=("kaiser", 8.0))
    return np.asarray(kernel, np.float32)
