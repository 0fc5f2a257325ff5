"""Key, mode and chords, from how strong each pitch class is.

The key is the one of 24 whose profile correlates best with the song's mean chroma; the profiles (`key.json`) are means
over corpus songs, turned to C, fitted and measured by `benchmarks/calibrate.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from khala.scoring.spectrum import RATE, mono, stft
from khala.scoring.types import Array

WINDOW, HOP = 8192, 2048
LOWEST, HIGHEST = 60.0, 700.0
"""Hz between which pitches count: the band's chords and its bass, not the overtones of the voice."""
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor")


@dataclass(frozen=True)
class Key:
    """`tonic` 0..11 (0 = C), `mode` "major" or "minor"; `lead` is how far the best correlation is above that of the
    best other key."""

    tonic: int
    mode: str
    lead: float

    @property
    def name(self) -> str:
        return f"{NAMES[self.tonic]} {self.mode}"


@dataclass(frozen=True)
class Chord:
    """A chord from `start` to `end` in seconds: pitch classes, 0 = C."""

    start: float
    end: float
    classes: tuple[int, ...]


def chroma(samples: Array, rate: int) -> Array:
    """Share of each pitch class [T, 12], about eleven times a second, of samples [channels, N]; zeros in silence."""
    magnitudes = np.abs(stft(mono(samples, rate), WINDOW, HOP))
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    inside = np.flatnonzero((hertz > LOWEST) & (hertz < HIGHEST))
    classes = np.rint(12 * np.log2(hertz[inside] / 440) + 69).astype(int) % 12
    bins = np.zeros((len(inside), 12))
    bins[np.arange(len(inside)), classes] = 1
    found = magnitudes[:, inside] @ bins
    total = found.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 1e-3, found / np.maximum(total, 1e-9), 0.0))


def key(classes: Array) -> Key | None:
    """The key of a song's chroma [T, 12]; None in silence, or where all pitch classes are equally strong."""
    mean = classes.mean(axis=0) if len(classes) else np.zeros(12)
    return best_key(mean, _profiles()) if np.ptp(mean) > 1e-6 else None


def best_key(mean: Array, profiles: Mapping[str, Array]) -> Key:
    """The key whose profile [12], given for C by mode, correlates best with a mean chroma [12]."""
    fits = sorted(
        (float(np.corrcoef(np.roll(profile, tonic), mean)[0, 1]), tonic, mode)
        for mode, profile in profiles.items()
        for tonic in range(12)
    )
    best, tonic, mode = fits[-1]
    return Key(tonic, mode, best - fits[-2][0])


def chords_heard(classes: Array, chords: Sequence[Chord]) -> float | None:
    """How much more of the chroma [T, 12] lies on the chords' notes than if it were spread evenly: 1 all of it, 0 as
    much as chance; None where no chord is heard at all. The chords are stretched to the length of the chroma, so that a
    song which ends early is compared with all of them."""
    if not chords or not classes.any():
        return None
    times = (np.arange(len(classes)) + 0.5) / len(classes) * chords[-1].end
    agreements = []
    for chord in chords:
        inside = classes[(times >= chord.start) & (times < chord.end)]
        if inside.any():
            chance = len(chord.classes) / 12
            agreements.append((float(inside[:, list(chord.classes)].sum() / inside.sum()) - chance) / (1 - chance))
    return float(np.mean(agreements)) if agreements else None


@cache
def _profiles() -> dict[str, Array]:
    stored = json.loads(files("khala.scoring").joinpath("key.json").read_text())
    return {mode: np.array(stored[mode]) for mode in MODES}
