"""Whether somebody sings, second by second.

A logistic regression on what a second of log-mel spectrum looks like: its shape, how much every band moves, how fast,
and how much of the movement has the pace of syllables and vibrato (3 to 9 Hz). Its weights (`voice.json`) were fitted
to the truth of corpus songs by `benchmarks/calibrate.py`, which also measures it on songs that it was not fitted to.
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
DEPTH = 9.0
"""How far below the song's loudest band a band still counts, in nepers (78 dB)."""
SYLLABLES = (3.0, 9.0)
CLEAR = 0.75
"""Somebody sings in a window if that is at least so probable: a tune on a lead instrument often looks half sung."""
PRESENT = 0.25
"""From this share of windows on a song counts as sung."""


@dataclass(frozen=True)
class Voice:
    """`probability` [windows] that somebody sings in each second (windows begin every half second); `share` of windows
    in which it is clear; `present` if that is enough to call the song sung."""

    probability: Array
    share: float

    @property
    def present(self) -> bool:
        return self.share >= PRESENT


def voice(samples: Array, rate: int) -> Voice:
    """Listen to samples [channels, N]; under a second, or in silence, nobody sings."""
    seconds = features(samples, rate)
    if len(seconds) == 0:
        return Voice(np.zeros(0), 0.0)
    bias, weights = _weights()
    probability = 1 / (1 + np.exp(-np.clip(seconds @ weights + bias, -50, 50)))
    return Voice(probability, float((probability >= CLEAR).mean()))


def features(samples: Array, rate: int) -> Array:
    """What each window looks like: [windows, 4 * BANDS]."""
    spectrum = mel(mono(samples, rate), RATE, BANDS)
    loudest = float(spectrum.max(initial=0.0))
    if loudest < 1e-6 or len(spectrum) < WINDOW:
        return np.zeros((0, 4 * BANDS))
    log = np.log(np.maximum(spectrum / loudest, np.exp(-DEPTH)))
    change = np.abs(np.diff(log, axis=0, prepend=log[:1]))
    windows = sliding_window_view(log, WINDOW, axis=0)[::HOP]  # [windows, BANDS, WINDOW]
    shape = windows.mean(axis=2)
    power = np.abs(np.fft.rfft(windows - shape[:, :, None], axis=2)) ** 2
    pace = np.fft.rfftfreq(WINDOW, 1 / FRAMES_PER_SECOND)
    syllables = power[:, :, (pace >= SYLLABLES[0]) & (pace <= SYLLABLES[1])].sum(axis=2)
    movement = sliding_window_view(change, WINDOW, axis=0)[::HOP].mean(axis=2)
    parts = shape - shape.mean(axis=1, keepdims=True), windows.std(axis=2), movement, np.log(syllables + 1)
    return np.concatenate(parts, axis=1)


@cache
def _weights() -> tuple[float, Array]:
    fitted = json.loads(files("khala.evaluation").joinpath("voice.json").read_text())
    return float(fitted["bias"]), np.array(fitted["weights"])
