"""Spectra that the measures share. Shapes: samples [channels, N], magnitudes and mels [T, bins]."""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import get_window, resample_poly

from khala.scoring.types import Array

RATE = 22050
"""Samples a second that the perceptual measures work at."""
WINDOW, HOP = 1024, 256
FRAMES_PER_SECOND = RATE / HOP


def mono(samples: Array, rate: int, to: int = RATE) -> Array:
    """Mean of the channels at `to` samples a second [N]; what is not a number counts as silence."""
    flat = np.nan_to_num(np.atleast_2d(samples).mean(axis=0), nan=0.0, posinf=0.0, neginf=0.0)
    common = gcd(rate, to)
    return flat if rate == to else np.asarray(resample_poly(flat, to // common, rate // common))


def stft(signal: Array, window: int = WINDOW, hop: int = HOP) -> Array:
    """Complex spectrum [T, window // 2 + 1] of a signal [N]; frame t is centred on sample t * hop."""
    padded = np.pad(signal, window // 2)
    frames = sliding_window_view(padded, window)[:: max(hop, 1)]
    return np.fft.rfft(frames * _hann(window), axis=1)


def mel(signal: Array, rate: int, bands: int, window: int = WINDOW, hop: int = HOP) -> Array:
    """Mel magnitudes [T, bands] of a signal [N]."""
    return np.abs(stft(signal, window, hop)) @ mel_filters(rate, window, bands).T


@lru_cache(maxsize=16)
def mel_filters(rate: int, window: int, bands: int) -> Array:
    """Triangles of height one [bands, window // 2 + 1], evenly spaced on Slaney's mel scale (linear to 1 kHz, then
    logarithmic) from 0 Hz to half the rate; the spectral codec hears through the same ones."""
    step = np.log(6.4) / 27
    mels = np.linspace(0, 15 + np.log(rate / 2 / 1000) / step, bands + 2)
    corners = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * step))
    bins = np.fft.rfftfreq(window, 1 / rate)
    rise = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None))


@lru_cache(maxsize=16)
def _hann(window: int) -> Array:
    return np.asarray(get_window("hann", window))
