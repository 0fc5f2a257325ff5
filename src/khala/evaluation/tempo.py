"""Tempo: the beat of a whole song from the autocorrelation of its onsets.

An onset envelope (rise of the log-mel spectrum) is compared with itself at the first multiples of every beat period; a
listener's preference for moderate tempos (log-normal, as in Ellis 2007) chooses among the metrical levels.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from khala.evaluation.spectrum import FRAMES_PER_SECOND, RATE, mel, mono
from khala.evaluation.types import Array

SLOWEST, FASTEST = 40.0, 240.0
PREFERRED, SPREAD = 110.0, 0.9
"""Centre in BPM and width in octaves of the preference."""
MULTIPLES = 8
TOLERANCE = 0.08


@dataclass(frozen=True)
class Tempo:
    """`bpm` of the song; `strength` 0..1 says how much of its onsets repeats with the beat (0: no beat at all)."""

    bpm: float
    strength: float


def tempo(samples: Array, rate: int) -> Tempo | None:
    """Tempo of samples [channels, N]; None where fewer than two onsets can be told."""
    envelope = onsets(mono(samples, rate))
    if len(envelope) < 4 * FRAMES_PER_SECOND or not envelope.any():
        return None
    correlation = _autocorrelation(envelope)
    bpms = np.geomspace(SLOWEST, FASTEST, 1000)
    match = _comb(correlation, bpms)
    preference = np.exp(-0.5 * (np.log2(bpms / PREFERRED) / SPREAD) ** 2)
    best = int((np.maximum(match, 0) * preference).argmax())
    return Tempo(bpm=float(bpms[best]), strength=float(np.clip(match[best], 0, 1)))


def onsets(signal: Array) -> Array:
    """Onset strength [T] of a signal [N] at `RATE`, `FRAMES_PER_SECOND` a second: the rise of the log-mel spectrum
    above its own surroundings."""
    spectrum = mel(signal, RATE, 40)
    loud = np.log1p(spectrum / max(float(spectrum.max(initial=0.0)), 1e-9) * 1000)
    rise = np.maximum(0, np.diff(loud, axis=0, prepend=loud[:1])).mean(axis=1)
    above = rise - uniform_filter1d(rise, round(FRAMES_PER_SECOND))
    return np.asarray(np.maximum(0, above))


def agrees(bpm: float, asked: float) -> bool:
    """Whether `bpm` lies within 8 % of `asked`."""
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
