"""Spectra that the measures share. Shapes: samples [channels, N], magnitudes and mels [T, bins]."""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from khala.audio.mel import mel_filters, mel_sums
from khala.audio.resample import resample
from khala.scoring.types import Array

RATE = 22050
"""Sample rate in Hz of the perceptual measures."""
WINDOW, HOP = 1024, 256
FRAMES_PER_SECOND = RATE / HOP


def mono(samples: Array, rate: int, to: int = RATE) -> Array:
    """Return the mean of the channels at a sample rate of `to` Hz [N]; NaN and infinity count as silence."""
    flat = np.nan_to_num(np.atleast_2d(samples).mean(axis=0), nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(resample(flat[None], rate, to)[0])


def stft(signal: Array, window: int = WINDOW, hop: int = HOP) -> Array:
    """Return the complex spectrum [T, window // 2 + 1] of a signal [N]; frame t is centred on sample t * hop."""
    padded = np.pad(signal, window // 2)
    frames = sliding_window_view(padded, window)[:: max(hop, 1)]
    return np.fft.rfft(frames * _hann(window), axis=1)


def mel(signal: Array, rate: int, bands: int, window: int = WINDOW, hop: int = HOP) -> Array:
    """Return mel magnitudes [T, bands] of a signal [N]."""
    return mel_sums(np.abs(stft(signal, window, hop)), mel_filters(bands, window // 2 + 1, rate))


@lru_cache(maxsize=16)
def _hann(window: int) -> Array:
    """A periodic Hann window."""
    return 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, window + 1)[:-1])
