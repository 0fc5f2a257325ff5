"""Tempo: the beat of a whole song from the autocorrelation of its onsets.

First the period: the onset envelope (rise of the log-mel spectrum) is compared with itself at the first multiples of
every beat period. That leaves open which metrical level is the beat; among the simple multiples of the period the
likeliest is chosen by what repeats at it, at its parts and at its multiples, in low, middle and high bands. The weights
of that choice (`tempo.json`) were fitted to the truth of corpus songs by `benchmarks/calibrate.py`, which also measures
it on songs that it was not fitted to.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from scipy.ndimage import uniform_filter1d

from khala.scoring.spectrum import FRAMES_PER_SECOND, RATE, mel, mono
from khala.scoring.types import Array

SLOWEST, FASTEST = 40.0, 240.0
MULTIPLES = 8
LEVELS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4)
"""Multiples of the best period's tempo among which the beat is chosen."""
PARTS = (1 / 4, 1 / 3, 1 / 2, 1, 3 / 2, 2, 3, 4)
"""Multiples of a candidate's beat period at which repetition is looked at."""
EDGES = (0, 4, 20, 40)
"""Mel bands of the low (to 300 Hz), middle (to 1500 Hz) and high onset envelopes."""
TOLERANCE = 0.04


@dataclass(frozen=True)
class Tempo:
    """`bpm` of the song; `strength` 0..1 says how much of its onsets repeats with the beat (0: no beat at all)."""

    bpm: float
    strength: float


def tempo(samples: Array, rate: int) -> Tempo | None:
    """Tempo of samples [channels, N]; None where nothing begins, or in under four seconds."""
    found = candidates(samples, rate)
    if found is None:
        return None
    bpms, features, strength = found
    return Tempo(bpm=float(bpms[(features @ _weights()).argmax()]), strength=strength)


def candidates(samples: Array, rate: int) -> tuple[Array, Array, float] | None:
    """The metrical levels that the beat may have: tempos [K] in BPM, features [K, F] to choose by, and how strongly the
    song repeats at all; None as for `tempo`."""
    envelopes = onsets(mono(samples, rate))
    whole = envelopes.mean(axis=0)
    if len(whole) < 4 * FRAMES_PER_SECOND or not whole.any():
        return None
    correlations = [_autocorrelation(envelope) for envelope in (whole, *envelopes)]
    grid = np.geomspace(SLOWEST, FASTEST, 1000)
    match = _comb(correlations[0], grid)
    best = grid[match.argmax()]
    bpms = np.array([best * level for level in LEVELS if SLOWEST <= best * level <= FASTEST])
    octaves = np.log2(bpms / 110)
    repeats = [_comb(correlation, bpms / part) for part in PARTS for correlation in correlations]
    return bpms, np.stack([octaves, octaves**2, *repeats], axis=1), float(np.clip(match.max(), 0, 1))


def onsets(signal: Array) -> Array:
    """Onset strength [3, T] of a signal [N] at `RATE`, in low, middle and high bands, `FRAMES_PER_SECOND` a second: the
    rise of the log-mel spectrum above its own surroundings."""
    spectrum = mel(signal, RATE, EDGES[-1])
    loud = np.log1p(spectrum / max(float(spectrum.max(initial=0.0)), 1e-9) * 1000)
    rise = np.maximum(0, np.diff(loud, axis=0, prepend=loud[:1]))
    bands = np.stack([rise[:, low:high].mean(axis=1) for low, high in pairwise(EDGES)])
    return np.asarray(np.maximum(0, bands - uniform_filter1d(bands, round(FRAMES_PER_SECOND), axis=1)))


def agrees(bpm: float, asked: float) -> bool:
    """Whether `bpm` lies within 4 % of `asked`."""
    return abs(bpm / asked - 1) <= TOLERANCE


def metrical_level(bpm: float, asked: float) -> float | None:
    """The factor by which `bpm` counts the beats of `asked` (2: twice as many), None where the two are unrelated."""
    return next((factor for factor in (1, 2, 1 / 2, 3, 1 / 3, 3 / 2, 2 / 3) if agrees(bpm / factor, asked)), None)


def _autocorrelation(envelope: Array) -> Array:
    """Normalised (1 at lag 0) and unbiased: a lag of half the song weighs as much as a lag of a beat."""
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


@cache
def _weights() -> Array:
    return np.array(json.loads(files("khala.scoring").joinpath("tempo.json").read_text())["weights"])
