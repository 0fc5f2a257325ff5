"""A limiter for true peaks: the largest values of the waveform between the samples as well as on them.

They are found by 4-fold interpolation (ITU-R BS.1770-4, annex 2). The limiter looks ahead: the gain falls before a peak
arrives and recovers after it.
"""

import math
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from khala.audio.samples import Samples

OVERSAMPLING = 4
TAPS_EACH_SIDE = 12  # samples on either side that an interpolated value is made from
KAISER_BETA = 8.0  # of the window over the sinc: true to 0.05 dB up to 19 kHz
BLOCK_SAMPLES = 32  # samples per value of the limiter's gain, which is interpolated between blocks
LOOK_AHEAD_SECONDS = 0.003
RELEASE_SECONDS = 0.080  # until a reduction has recovered to 1/e
MARGIN_DB = 0.05  # aim below the ceiling: a moving gain can raise a peak between samples by this much


def true_peak(samples_CN: Samples) -> float | None:
    """Return the true peak in dBTP (0 = full scale) of samples `[channels, n]`; None for digital silence."""
    peak = float(envelope(samples_CN).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else None


def limit(
    samples_CN: Samples,
    rate: int,
    ceiling: float = -1.0,
    factor: float = 1.0,
    envelope_B: NDArray[np.float32] | None = None,
) -> Samples:
    """Return samples `[channels, n]` times `factor`, lowered around what exceeds a true peak of `ceiling` dBTP.

    `envelope_B` is that of `samples_CN`, if it is known already.
    """
    if envelope_B is None:
        envelope_B = envelope(samples_CN)
    highest = 10 ** ((ceiling - MARGIN_DB) / 20) / factor
    if not envelope_B.max(initial=0.0) > highest:
        return samples_CN * np.float32(factor)
    gain_B = factor * (1 - _reduction(envelope_B, highest, rate))
    return samples_CN * _between_centres(gain_B)[: samples_CN.shape[1]]


def envelope(samples_CN: Samples) -> NDArray[np.float32]:
    """Return the largest magnitude, over the channels, of the interpolated waveform in every block of `BLOCK_SAMPLES`
    and the gap to the next: float32 `[ceil(n / BLOCK_SAMPLES)]`."""
    n = samples_CN.shape[1]
    envelope_B = np.zeros(-(-n // BLOCK_SAMPLES), np.float32)
    stretch = 512 * BLOCK_SAMPLES  # at a time, which stays in a processor's cache
    for start in range(0, n, stretch):
        stop = min(start + stretch, n)
        near_CM = samples_CN[:, max(0, start - TAPS_EACH_SIDE) : stop + TAPS_EACH_SIDE]
        outside = max(0, TAPS_EACH_SIDE - start), max(0, stop + TAPS_EACH_SIDE - n)
        largest_M = _largest(np.pad(near_CM, ((0, 0), outside)))
        starts = np.arange(0, stop - start, BLOCK_SAMPLES)
        envelope_B[start // BLOCK_SAMPLES :][: len(starts)] = np.maximum.reduceat(largest_M, starts)
    return envelope_B


def _largest(near_CM: Samples) -> NDArray[np.float32]:
    """Return the largest magnitude, over the channels, on a sample and in the gap to the next: float32 `[n]`, for
    samples `[channels, n + 2 * TAPS_EACH_SIDE]`."""
    n = near_CM.shape[1] - 2 * TAPS_EACH_SIDE
    largest_CN = np.abs(near_CM[:, TAPS_EACH_SIDE : TAPS_EACH_SIDE + n])
    value_CN, term_CN = np.empty_like(largest_CN), np.empty_like(largest_CN)
    for taps in _kernels():
        value_CN.fill(0)
        for first, tap in enumerate(taps, 1):
            value_CN += np.multiply(near_CM[:, first : first + n], tap, out=term_CN)
        np.maximum(largest_CN, np.abs(value_CN, out=value_CN), out=largest_CN)
    return np.asarray(largest_CN.max(0))


@cache
def _kernels() -> NDArray[np.float32]:
    """Return the weights of the samples around a gap for every value that is interpolated in it, float32
    `[OVERSAMPLING - 1, 2 * TAPS_EACH_SIDE]`: a sinc under a Kaiser window."""
    place = np.arange(1, OVERSAMPLING)[:, None] / OVERSAMPLING
    distance = place - np.arange(1 - TAPS_EACH_SIDE, TAPS_EACH_SIDE + 1)
    window = np.i0(KAISER_BETA * np.sqrt(1 - (distance / TAPS_EACH_SIDE) ** 2)) / np.i0(KAISER_BETA)
    return np.asarray(np.sinc(distance) * window, np.float32)


def _reduction(envelope_B: NDArray[np.float32], highest: float, rate: int) -> NDArray[np.float64]:
    """Return the gain reduction (0 = none) that keeps `envelope_B` below `highest`: float64, one value per block.

    Needed reduction -> held for the look-ahead on either side -> exponential release -> smoothed over the look-ahead.
    The hold is one block wider than the smoothing, so the smoothed reduction never falls short of the needed one, nor
    does the line between it and its neighbours.
    """
    needed_B = 1 - highest / np.maximum(envelope_B.astype(np.float64), highest)
    half = max(2, round(LOOK_AHEAD_SECONDS * rate / BLOCK_SAMPLES))
    held_B = sliding_window_view(np.pad(needed_B, half, mode="edge"), 2 * half + 1).max(1)
    # r[b] = max(held[b], r[b-1] * decay) is a running maximum once the decay is taken out of it.
    decay_B = np.arange(len(held_B)) * (BLOCK_SAMPLES / (RELEASE_SECONDS * rate))
    with np.errstate(divide="ignore"):
        released_B = np.exp(np.maximum.accumulate(np.log(held_B) + decay_B) - decay_B)
    window = np.hanning(2 * half + 1)[1:-1]
    return np.convolve(np.pad(released_B, half - 1, mode="edge"), window / window.sum(), mode="valid")


def _between_centres(gain_B: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a gain for every sample of the blocks, float32: `gain_B` at the centre of a block, on a line between two
    centres, level before the first and after the last."""
    centres = np.pad(gain_B, 1, mode="edge").astype(np.float32)
    gain_BS = np.diff(centres)[:, None] * (np.arange(BLOCK_SAMPLES) / BLOCK_SAMPLES).astype(np.float32)
    gain_BS += centres[:-1, None]
    return np.asarray(gain_BS.ravel()[BLOCK_SAMPLES // 2 :])
