"""Tempo: the beat of a whole song, from the autocorrelation of its onsets.

First the period: the autocorrelation of the onset envelope (rise of the log-mel spectrum) is summed over the first
multiples of every beat period. That leaves open which metrical level is the beat. It is chosen among simple multiples
of the period by a linear model of the autocorrelation at each of them, at its fractions and at its multiples, in low,
middle and high bands. Its weights (`tempo.json`) were fitted to the truth of corpus songs by `benchmarks/calibrate.py`,
which also measures it on held-out songs.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from khala.scoring.spectrum import FRAMES_PER_SECOND, RATE, mel, mono
from khala.scoring.types import Array

MIN_BPM, MAX_BPM = 40.0, 240.0
MULTIPLES = 8
LEVELS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4)
"""Multiples of the best period's tempo among which the beat is chosen."""
PERIODS = (1 / 4, 1 / 3, 1 / 2, 1, 3 / 2, 2, 3, 4)
"""Multiples of a candidate's beat period at which the autocorrelation is a feature."""
BAND_EDGES = (0, 4, 20, 40)
"""Mel bands of the low (to 300 Hz), middle (to 1500 Hz) and high onset envelopes."""
TOLERANCE = 0.04
"""Share by which two tempi that agree may differ."""


@dataclass(frozen=True)
class Tempo:
    """`bpm` in beats per minute; `strength` 0..1 is the autocorrelation at the beat (0: no beat at all)."""

    bpm: float
    strength: float


def estimate_tempo(samples: Array, rate: int) -> Tempo | None:
    """Return the tempo of samples [channels, N]; None without onsets, or in under four seconds."""
    found = candidates(samples, rate)
    if found is None:
        return None
    bpms, features, strength = found
    return Tempo(bpm=float(bpms[(features @ _weights()).argmax()]), strength=strength)


def candidates(samples: Array, rate: int) -> tuple[Array, Array, float] | None:
    """Return the candidates for the beat: tempi [K] in BPM, features [K, F] to choose by, and the strength of the best
    period; None as for `estimate_tempo`."""
    envelopes = onsets(mono(samples, rate))
    whole = envelopes.mean(axis=0)
    if len(whole) < 4 * FRAMES_PER_SECOND or not whole.any():
        return None
    correlations = [_autocorrelation(envelope) for envelope in (whole, *envelopes)]
    grid = np.geomspace(MIN_BPM, MAX_BPM, 1000)
    match = _comb(correlations[0], grid)
    best = grid[match.argmax()]
    bpms = np.array([best * level for level in LEVELS if MIN_BPM <= best * level <= MAX_BPM])
    octaves = np.log2(bpms / 110)
    repeats = [_comb(correlation, bpms / period) for period in PERIODS for correlation in correlations]
    return bpms, np.stack([octaves, octaves**2, *repeats], axis=1), float(np.clip(match.max(), 0, 1))


def onsets(signal: Array) -> Array:
    """Return the onset strength [3, T] of a signal [N] at `RATE`, in low, middle and high bands, `FRAMES_PER_SECOND`
    values a second: the rise of the log-mel spectrum above its mean over the second around it."""
    spectrum = mel(signal, RATE, BAND_EDGES[-1])
    loud = np.log1p(spectrum / max(float(spectrum.max(initial=0.0)), 1e-9) * 1000)
    rise = np.maximum(0, np.diff(loud, axis=0, prepend=loud[:1]))
    bands = np.stack([rise[:, low:high].mean(axis=1) for low, high in pairwise(BAND_EDGES)])
    return np.asarray(np.maximum(0, bands - _moving_average(bands, round(FRAMES_PER_SECOND))))


def agrees(bpm: float, target: float) -> bool:
    """Return whether `bpm` lies within 4 % of `target`."""
    return abs(bpm / target - 1) <= TOLERANCE


def metrical_level(bpm: float, target: float) -> float | None:
    """Return the factor between `bpm` and `target` (2: twice as fast); None where the two are unrelated."""
    return next((factor for factor in (1, 2, 1 / 2, 3, 1 / 3, 3 / 2, 2 / 3) if agrees(bpm / factor, target)), None)


def _autocorrelation(envelope: Array) -> Array:
    """Normalised (1 at lag 0) and unbiased: a lag of half the song weighs as much as a lag of one beat."""
    centred = envelope - envelope.mean()
    size = 2 ** int(np.ceil(np.log2(2 * len(centred))))
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    raw = np.fft.irfft(power)[: len(centred)]
    unbiased = raw / np.arange(len(centred), 0, -1)
    return np.asarray(unbiased / max(float(unbiased[0]), 1e-12))


def _comb(correlation: Array, bpms: Array) -> Array:
    """Mean correlation at the first `MULTIPLES` multiples of each beat period, as far as half the song reaches."""
    lags = 60 * FRAMES_PER_SECOND / bpms[:, None] * np.arange(1, MULTIPLES + 1)
    values = np.interp(lags, np.arange(len(correlation)), correlation)
    reached = lags < len(correlation) / 2
    return np.asarray((values * reached).sum(axis=1) / np.maximum(reached.sum(axis=1), 1))


def _moving_average(rows: Array, width: int) -> Array:
    """Mean of the `width` values around each of rows [K, T], mirrored at both ends."""
    padded = np.pad(rows, ((0, 0), (width // 2, (width - 1) // 2)), mode="symmetric")
    return np.asarray(sliding_window_view(padded, width, axis=1).mean(axis=2))


@cache
def _weights() -> Array:
    return np.array(json.loads(files("khala.scoring").joinpath("tempo.json").read_text())["weights"])
