"""Signals with known levels, for tests of loudness and peaks."""

import numpy as np
from scipy.signal import butter, sosfilt

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
