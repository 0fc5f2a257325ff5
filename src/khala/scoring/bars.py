"""Bars: where they begin in music with a steady beat, and how many beats they have.

Beats, or the places halfway between them, are where most onsets fall when the song is folded over the length of a beat.
A bar begins at the place of most accent when these are folded over the bar: onsets in the lowest band, and changes of
harmony.
"""

from dataclasses import dataclass

import numpy as np

from khala.scoring.key import HOP, chroma
from khala.scoring.spectrum import FRAMES_PER_SECOND, RATE, mono
from khala.scoring.tempo import onsets
from khala.scoring.types import Array

METERS = (3, 4)
"""Beats of the bars that are told apart."""
SEARCHED_BPM = np.linspace(0.99, 1.01, 81)
"""Multiples of an estimated tempo among which the exact one is found."""
PHASES_PER_BEAT = 24
ONSET_SECONDS = 0.06
"""How far from its place an onset may be."""
HARMONY_WEIGHT = 5.0
"""What a chroma that changes by 1, by half of it, counts; a mean onset of the lowest band counts 1."""


@dataclass(frozen=True)
class Bars:
    """The exact tempo in beats per minute, beats in a bar, and when the first one begins, from 0 to a bar's length."""

    bpm: float
    beats: int
    first_downbeat_seconds: float


def locate_bars(samples: Array, rate: int, bpm: float, beats: int | None = None) -> Bars | None:
    """Return the bars in samples [channels, N] at a tempo that is known within 1 %, of so many `beats` or else of the
    likelier number of `METERS`; None if there is less than one bar or no onset."""
    signal = mono(samples, rate)
    bands = onsets(signal)
    bands /= np.maximum(bands.mean(1, keepdims=True), 1e-9)  # each counts the same
    bpm = _exact(bands.sum(0), bpm)
    phase = _beat_phase(bands.sum(0), bpm)
    places = phase + np.arange(int((len(signal) / RATE - phase) * bpm / 30) + 1) * 30 / bpm
    meters = (beats,) if beats else METERS
    if len(places) <= 2 * max(meters) or not bands.any():
        return None
    low = _onset_at(bands[0], places)
    accents = low / max(float(low.mean()), 1e-9) + HARMONY_WEIGHT * _harmony_change_at(signal, places)
    strength = {(meter, first): accents[first :: 2 * meter].mean() for meter in meters for first in range(2 * meter)}
    meter, first = max(strength, key=lambda its: strength[its])
    return Bars(bpm, meter, float(places[first]))


def _exact(envelope: Array, bpm: float) -> float:
    """The tempo at whose beats, halves and quarters of beats the envelope [T] has most power."""
    grid, seconds = bpm * SEARCHED_BPM, np.arange(len(envelope)) / FRAMES_PER_SECOND
    centred = envelope - envelope.mean()
    power = sum(
        np.abs(np.einsum("kt,t->k", np.exp(-2j * np.pi * division / 60 * grid[:, None] * seconds), centred)) ** 2
        for division in (1, 2, 4)
    )
    return float(grid[np.argmax(power)])


def _beat_phase(envelope: Array, bpm: float) -> float:
    """Seconds from the start to the first beat, or to the first place halfway between two beats."""
    beats = np.arange(len(envelope)) / FRAMES_PER_SECOND * bpm / 60
    bins = (beats % 1 * PHASES_PER_BEAT).astype(int) % PHASES_PER_BEAT
    counts = np.maximum(np.bincount(bins, minlength=PHASES_PER_BEAT), 1)
    folded = np.bincount(bins, envelope, PHASES_PER_BEAT) / counts
    smooth = sum(weight * np.roll(folded, shift) for shift, weight in zip(range(-2, 3), (1, 3, 4, 3, 1), strict=True))
    return float((np.argmax(smooth) + 0.5) / PHASES_PER_BEAT * 60 / bpm)


def _onset_at(envelope: Array, places: Array) -> Array:
    """The onset strength around each place [P]."""
    total = np.concatenate([[0.0], np.cumsum(envelope)])
    edges = (places[:, None] + [-ONSET_SECONDS, ONSET_SECONDS]) * FRAMES_PER_SECOND
    first, last = np.clip(np.rint(edges).astype(int), 0, len(envelope)).T
    return np.asarray(total[last] - total[first])


def _harmony_change_at(signal: Array, places: Array) -> Array:
    """The sum of the differences between the chroma of the beat after each place and of the beat before [P], 0 to 2; 0
    at either end."""
    classes = chroma(signal[None], RATE)
    edges = np.searchsorted(np.arange(len(classes)) * HOP / RATE, places)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(classes, 0)])
    means = (total[edges[2:]] - total[edges[:-2]]) / np.maximum(edges[2:] - edges[:-2], 1)[:, None]
    changes = np.abs(means[2:] - means[:-2]).sum(1)
    return np.pad(changes, 2)
