"""Singing voice detection, second by second.

A logistic regression on one second of log-mel spectrum: its shape, the deviation and the mean change of every band, and
the power of its movement at the rate of syllables and vibrato (3 to 9 Hz). Its weights (`voice.json`) were fitted to
the truth of corpus songs by `benchmarks/calibrate.py`, which also measures it on held-out songs.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from khala.scoring.spectrum import FRAMES_PER_SECOND, RATE, mel, mono
from khala.scoring.types import Array

BANDS = 32
WINDOW, HOP = round(FRAMES_PER_SECOND), round(FRAMES_PER_SECOND / 2)
"""Frames of a window (one second) and from one to the next (half a second)."""
DEPTH_NEPERS = 9.0
"""Range of the bands that count, down from the loudest one of the song (78 dB)."""
SYLLABLES_HZ = (3.0, 9.0)
MIN_PROBABILITY = 0.75
"""Probability from which a window counts as sung: a tune on a lead instrument often looks half sung."""
MIN_SHARE = 0.25
"""Share of sung windows from which a song counts as sung."""


@dataclass(frozen=True)
class Voice:
    """`probability` [windows] of singing in each second (windows begin every half second); `share` of the windows that
    count as sung; `present` if they are enough to call the song sung."""

    probability: Array
    share: float

    @property
    def present(self) -> bool:
        return self.share >= MIN_SHARE


def detect_voice(samples: Array, rate: int) -> Voice:
    """Detect singing in samples [channels, N]; there is none in silence, or in under a second."""
    seconds = features(samples, rate)
    if len(seconds) == 0:
        return Voice(np.zeros(0), 0.0)
    bias, weights = _weights()
    probability = 1 / (1 + np.exp(-np.clip(seconds @ weights + bias, -50, 50)))
    return Voice(probability, float((probability >= MIN_PROBABILITY).mean()))


def features(samples: Array, rate: int) -> Array:
    """Return features [windows, 4 * BANDS] of samples [channels, N]."""
    spectrum = mel(mono(samples, rate), RATE, BANDS)
    loudest = float(spectrum.max(initial=0.0))
    if loudest < 1e-6 or len(spectrum) < WINDOW:
        return np.zeros((0, 4 * BANDS))
    log = np.log(np.maximum(spectrum / loudest, np.exp(-DEPTH_NEPERS)))
    change = np.abs(np.diff(log, axis=0, prepend=log[:1]))
    windows = sliding_window_view(log, WINDOW, axis=0)[::HOP]  # [windows, BANDS, WINDOW]
    shape = windows.mean(axis=2)
    power = np.abs(np.fft.rfft(windows - shape[:, :, None], axis=2)) ** 2
    hertz = np.fft.rfftfreq(WINDOW, 1 / FRAMES_PER_SECOND)
    syllables = power[:, :, (hertz >= SYLLABLES_HZ[0]) & (hertz <= SYLLABLES_HZ[1])].sum(axis=2)
    movement = sliding_window_view(change, WINDOW, axis=0)[::HOP].mean(axis=2)
    parts = shape - shape.mean(axis=1, keepdims=True), windows.std(axis=2), movement, np.log(syllables + 1)
    return np.concatenate(parts, axis=1)


@cache
def _weights() -> tuple[float, Array]:
    fitted = json.loads(files("khala.evaluation").joinpath("voice.json").read_text())
    return float(fitted["bias"]), np.array(fitted["weights"])
