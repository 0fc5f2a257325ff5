"""Effects on a stem or a mix: echo, pumping, age, tone; all are constant in time or locked to the bar.

Samples are float32 at 44.1 kHz, [2, n] unless said otherwise.
"""

import numpy as np
import scipy.signal

from khala.corpus.data.audio_format import SAMPLE_RATE

_ECHOES = 4
_PUMP_SECONDS = 0.11  # until the gain is back
_HISS, _CRACKLES = 10 ** (-62 / 20), 7.0  # level of a worn record's noise, clicks a second


def echo(dry: np.ndarray, delay: int, level: float) -> np.ndarray:
    """Return the echoes [2, n] of a mono signal [n], one every `delay` samples, on alternating sides, each duller."""
    wet = np.zeros((2, len(dry)), np.float32)
    dull = scipy.signal.butter(1, [300, 3000], "bandpass", fs=SAMPLE_RATE, output="sos")
    for number in range(1, _ECHOES + 1):
        if number * delay >= len(dry):
            break
        dry = scipy.signal.sosfilt(dull, dry).astype(np.float32)
        wet[number % 2, number * delay :] += np.float32(level**number) * dry[: len(dry) - number * delay]
    return wet


def pump(stem: np.ndarray, beat: float, depth: float) -> None:
    """Turn a stem down by `depth` (0..1) at every `beat` samples, as a compressor keyed by the kick drum does."""
    since = np.arange(stem.shape[1]) % beat / SAMPLE_RATE
    stem *= (1 - depth * np.exp(-((since / _PUMP_SECONDS) ** 2))).astype(np.float32)


def worn(band: np.ndarray, seed: int) -> np.ndarray:
    """Return the band as from an old record: without treble, with hiss and crackles."""
    rng = np.random.default_rng(seed)
    dull = scipy.signal.butter(2, [60, 5500], "bandpass", fs=SAMPLE_RATE, output="sos")
    noise = _HISS * rng.standard_normal(band.shape).astype(np.float32)
    clicks = rng.integers(0, band.shape[1], int(_CRACKLES * band.shape[1] / SAMPLE_RATE))
    noise[:, clicks] += (20 * _HISS * rng.exponential(1.0, len(clicks))).astype(np.float32)
    level = np.sqrt((band**2).mean()) / 0.1  # of a band at -20 dB
    aged: np.ndarray = scipy.signal.sosfilt(dull, band + np.float32(level) * noise).astype(np.float32)
    return aged


def tone(song: np.ndarray, tilt: float) -> np.ndarray:
    """Return the song without rumble below 30 Hz, its treble (from about 2 kHz) raised by `tilt` dB."""
    low_cut = scipy.signal.butter(2, 30, "highpass", fs=SAMPLE_RATE, output="sos")
    corner, amplitude = 2 * np.pi * 2000 / SAMPLE_RATE, 10 ** (tilt / 40)
    cos, slope = np.cos(corner), np.sqrt(2 * amplitude) * np.sin(corner)  # the audio cookbook's shelf, slope 1
    up, down = amplitude + 1, amplitude - 1
    shelf = [
        amplitude * (up + down * cos + slope),
        -2 * amplitude * (down + up * cos),
        amplitude * (up + down * cos - slope),
        up - down * cos + slope,
        2 * (down - up * cos),
        up - down * cos - slope,
    ]
    sections = np.vstack([low_cut, np.array(shelf) / shelf[3]])
    toned: np.ndarray = scipy.signal.sosfilt(sections, song).astype(np.float32)
    return toned


def presence(band: np.ndarray) -> np.ndarray:
    """Return the range of a signal in which band and voice compete: 300 to 4000 Hz."""
    middle: np.ndarray = scipy.signal.sosfilt(
        scipy.signal.butter(1, [300, 4000], "bandpass", fs=SAMPLE_RATE, output="sos"), band
    ).astype(np.float32)
    return middle
