"""The style of a song: an embedding of how it sounds, and a linear classifier of the corpus's styles.

The embedding describes each segment of `SEGMENT_SECONDS` by 230 numbers, whatever its loudness. For each of 40 mel
bands: the mean of the log magnitude, its standard deviation, and its mean rise, which marks onsets; the width of the
stereo image in 20 wider bands; and the autocorrelation of the onsets in low, middle and high bands at 30 lags from 0.07
to 2 s.

`style.npz` holds what `benchmarks/calibrate.py` fitted to corpus songs and measured on others: the classifier, and for
`evaluation.distance` where the corpus lies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise

import numpy as np

from khala.scoring.spectrum import RATE, mel, mono
from khala.scoring.types import Array

SEGMENT_SECONDS, STEP_SECONDS = 6.0, 3.0
"""Length of a segment, and the distance from one to the next."""
HOP = 512
FRAMES_PER_SECOND = RATE / HOP
BANDS, STEREO_BANDS, LAGS = 40, 20, 30
BAND_EDGES = (0, 6, 20, 40)
"""Mel bands at which the low, middle and high onsets begin and end."""
EMBEDDING_SIZE = 3 * BANDS + STEREO_BANDS + 3 * LAGS
DEPTH_NEPERS = 9.0
"""Range of the bands that count, down from the loudest one of the song (78 dB)."""


@dataclass(frozen=True)
class Style:
    """The most probable style, and the probability of each."""

    name: str
    probability: dict[str, float]


def embed(samples: Array, rate: int) -> Array:
    """Samples [channels, N] -> embeddings [segments, EMBEDDING_SIZE]; no rows in silence.

    A song shorter than a segment is one segment.
    """
    middle = mel(mono(samples, rate), RATE, BANDS, hop=HOP)
    loudest = float(middle.max(initial=0.0))
    if loudest < 1e-6:
        return np.zeros((0, EMBEDDING_SIZE))
    log = np.log(np.maximum(middle / loudest, np.exp(-DEPTH_NEPERS)))
    rise = np.maximum(0, np.diff(log, axis=0, prepend=log[:1]))
    side = mel(mono(np.atleast_2d(samples)[[0, -1]] * [[1], [-1]], rate), RATE, STEREO_BANDS, hop=HOP)
    pairs = middle.reshape(len(middle), STEREO_BANDS, -1).sum(axis=2)
    width = side / (side + pairs + 1e-3 * loudest)
    length, step = min(round(SEGMENT_SECONDS * FRAMES_PER_SECOND), len(log)), round(STEP_SECONDS * FRAMES_PER_SECOND)
    rows = []
    for start in range(0, len(log) - length + 1, step):
        segment = slice(start, start + length)
        shape = log[segment].mean(axis=0)
        rows.append(
            np.concatenate(
                [shape - shape.mean(), log[segment].std(axis=0)]
                + [rise[segment].mean(axis=0), width[segment].mean(axis=0)]
                + [_autocorrelation(rise[segment, low:high].mean(axis=1)) for low, high in pairwise(BAND_EDGES)]
            )
        )
    return np.stack(rows)


def classify_style(embedding: Array, fitted: Mapping[str, Array] | None = None) -> Style | None:
    """Return the style of a song by its embedding [segments, EMBEDDING_SIZE], the mean over segments; None in silence.

    `fitted` holds a classifier's `mean`, `spread`, `weights`, `bias` and `names`; by default those of the package.
    """
    if not len(embedding):
        return None
    fitted = fitted or fitted_style()
    scaled = (embedding - fitted["mean"]) / fitted["spread"]
    logits = np.einsum("sf,fc->sc", scaled, fitted["weights"]) + fitted["bias"]  # `@` rounds by the number of threads
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    mean = (likely / likely.sum(axis=1, keepdims=True)).mean(axis=0)
    names = [str(name) for name in fitted["names"]]
    return Style(names[int(mean.argmax())], dict(zip(names, mean.round(4).tolist(), strict=True)))


@cache
def fitted_style() -> dict[str, Array]:
    """Return the arrays of `style.npz` by name."""
    with as_file(files("khala.scoring").joinpath("style.npz")) as path, np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def _autocorrelation(onsets: Array) -> Array:
    """Autocorrelation -1..1 of onsets [T] at `LAGS` lags, evenly spaced in pitch."""
    lags = np.unique(np.rint(np.geomspace(3, 2 * FRAMES_PER_SECOND, 60)).astype(int))
    lags = lags[np.linspace(0, len(lags) - 1, LAGS).astype(int)]
    centred = onsets - onsets.mean()
    power = max(float(centred @ centred), 1e-9)
    return np.array([float(centred[lag:] @ centred[:-lag]) / power if lag < len(centred) else 0.0 for lag in lags])
