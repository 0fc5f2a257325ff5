"""The key of a song, from the strength of each pitch class.

The key is the one of 24 whose profile correlates best with the song's mean chroma; the profiles (`key.json`) are means
over corpus songs, transposed to C, fitted and measured by `benchmarks/calibrate.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from khala.scoring.spectrum import RATE, mono, stft
from khala.scoring.types import Array

WINDOW, HOP = 8192, 2048
LOWEST_HZ, HIGHEST_HZ = 60.0, 700.0
"""Range of the pitches that count: the band's chords and its bass, not the overtones of the voice."""
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor")


@dataclass(frozen=True)
class Key:
    """A key: `tonic` 0..11 (0 = C), `mode` "major" or "minor"; `lead` is how far its correlation is above that of the
    second best key."""

    tonic: int
    mode: str
    lead: float

    @property
    def name(self) -> str:
        return f"{NAMES[self.tonic]} {self.mode}"

    def matches(self, tonic: int | None, mode: str) -> bool:
        """Return whether this is the key of `tonic` and `mode`, or any key of `mode` where `tonic` is None."""
        return self.mode == mode and tonic in (None, self.tonic)


def chroma(samples: Array, rate: int) -> Array:
    """Return the share of each pitch class [T, 12], about eleven times a second, of samples [channels, N]; zeros in
    silence."""
    magnitudes = np.abs(stft(mono(samples, rate), WINDOW, HOP))
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    inside = np.flatnonzero((hertz > LOWEST_HZ) & (hertz < HIGHEST_HZ))
    classes = np.rint(12 * np.log2(hertz[inside] / 440) + 69).astype(int) % 12
    found = np.stack([magnitudes[:, inside[classes == number]].sum(axis=1) for number in range(12)], axis=1)
    total = found.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 1e-3, found / np.maximum(total, 1e-9), 0.0))


def estimate_key(chroma_T12: Array, profiles: Mapping[str, Array] | None = None) -> Key | None:
    """Return the key of a song's chroma [T, 12]; None in silence, or where all pitch classes are equally strong.

    `profiles` holds for each mode the mean chroma [12] of its songs in C; by default those of the package.
    """
    mean = chroma_T12.mean(axis=0) if len(chroma_T12) else np.zeros(12)
    if np.ptp(mean) <= 1e-6:
        return None
    correlations = sorted(
        (float(np.corrcoef(np.roll(profile, tonic), mean)[0, 1]), tonic, mode)
        for mode, profile in (profiles or _profiles()).items()
        for tonic in range(12)
    )
    best, tonic, mode = correlations[-1]
    return Key(tonic, mode, best - correlations[-2][0])


@cache
def _profiles() -> dict[str, Array]:
    stored = json.loads(files("khala.scoring").joinpath("key.json").read_text())
    return {mode: np.array(stored[mode]) for mode in MODES}
