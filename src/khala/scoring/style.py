"""What style a song is in, and how near a folder of songs lies to the corpus: both by one embedding.

The embedding describes every stretch of `SECONDS` by 230 numbers, whatever its loudness. For each of 40 mel bands: the
mean of the log magnitude, its spread, and its mean rise, which is where something begins; how wide the stereo image is
in 20 wider bands; and how much the onsets in low, middle and high bands repeat at 30 lags from 0.07 to 2 s.

`style.npz` holds what `benchmarks/calibrate.py` fitted to corpus songs and measured on others: a linear classifier of
the corpus's styles, and for the Fréchet distance (Heusel et al. 2017) the corpus's mean and covariance on the `AXES`
main axes of the embedding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise

import numpy as np
from scipy.linalg import sqrtm

from khala.music.errors import InvalidRequest
from khala.scoring.spectrum import RATE, mel, mono
from khala.scoring.types import Array

SECONDS, STEP = 6.0, 3.0
"""Length of a stretch, and from one to the next."""
HOP = 512
PACE = RATE / HOP
BANDS, WIDE, LAGS = 40, 20, 30
EDGES = (0, 6, 20, 40)
SIZE = 3 * BANDS + WIDE + 3 * LAGS
AXES = 24
DEPTH = 9.0
"""How far below the song's loudest band a band still counts, in nepers (78 dB)."""


@dataclass(frozen=True)
class Style:
    """The likeliest style, and the probability of each."""

    name: str
    probability: dict[str, float]


def embed(samples: Array, rate: int) -> Array:
    """Samples [channels, N] -> a row a stretch, [stretches, SIZE]; a song shorter than one is one; none in silence."""
    middle = mel(mono(samples, rate), RATE, BANDS, hop=HOP)
    loudest = float(middle.max(initial=0.0))
    if loudest < 1e-6:
        return np.zeros((0, SIZE))
    log = np.log(np.maximum(middle / loudest, np.exp(-DEPTH)))
    rise = np.maximum(0, np.diff(log, axis=0, prepend=log[:1]))
    side = mel(mono(np.atleast_2d(samples)[[0, -1]] * [[1], [-1]], rate), RATE, WIDE, hop=HOP)
    pairs = middle.reshape(len(middle), WIDE, -1).sum(axis=2)
    width = side / (side + pairs + 1e-3 * loudest)
    length, step = min(round(SECONDS * PACE), len(log)), round(STEP * PACE)
    rows = []
    for start in range(0, len(log) - length + 1, step):
        part = slice(start, start + length)
        shape = log[part].mean(axis=0)
        rows.append(
            np.concatenate(
                [shape - shape.mean(), log[part].std(axis=0), rise[part].mean(axis=0), width[part].mean(axis=0)]
                + [_repeats(rise[part, low:high].mean(axis=1)) for low, high in pairwise(EDGES)]
            )
        )
    return np.stack(rows)


def style(embedding: Array) -> Style | None:
    """The style of a song, the opinions on its stretches averaged; None in silence."""
    return classify(embedding, _fitted()) if len(embedding) else None


def classify(embedding: Array, fitted: Mapping[str, Array]) -> Style:
    """The style of a song by a classifier's `mean`, `spread`, `weights`, `bias` and `names`."""
    logits = (embedding - fitted["mean"]) / fitted["spread"] @ fitted["weights"] + fitted["bias"]
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    mean = (likely / likely.sum(axis=1, keepdims=True)).mean(axis=0)
    names = [str(name) for name in fitted["names"]]
    return Style(names[int(mean.argmax())], dict(zip(names, mean.round(4).tolist(), strict=True)))


def distance(embeddings: Sequence[Array]) -> float:
    """Fréchet distance of songs, given by their embeddings, from the corpus: 0 for the corpus itself. It grows with
    every axis on which they lie elsewhere or vary otherwise, and is too large for few songs: compare equal numbers.

    Raises InvalidRequest if there are less than `AXES` + 1 stretches in all.
    """
    rows = np.concatenate([np.zeros((0, SIZE)), *embeddings])
    if len(rows) <= AXES:
        raise InvalidRequest(f"{len(rows)} stretches of {SECONDS:g} s are too few for a distance; give more songs")
    fitted = _fitted()
    found = (rows - fitted["mean"]) / fitted["spread"] @ fitted["axes"]
    return frechet(found.mean(axis=0), np.cov(found.T), fitted["centre"], fitted["covariance"])


def frechet(mean: Array, covariance: Array, other_mean: Array, other_covariance: Array) -> float:
    """Squared Fréchet distance of two normal distributions (Dowson and Landau 1982)."""
    root = np.real(sqrtm(covariance @ other_covariance))
    return float(((mean - other_mean) ** 2).sum() + np.trace(covariance + other_covariance - 2 * root))


def _repeats(onsets: Array) -> Array:
    """How much the onsets [T] repeat at each of `LAGS` lags, evenly spaced in pitch: -1..1."""
    lags = np.unique(np.rint(np.geomspace(3, 2 * PACE, 60)).astype(int))
    lags = lags[np.linspace(0, len(lags) - 1, LAGS).astype(int)]
    centred = onsets - onsets.mean()
    power = max(float(centred @ centred), 1e-9)
    return np.array([float(centred[lag:] @ centred[:-lag]) / power if lag < len(centred) else 0.0 for lag in lags])


@cache
def _fitted() -> dict[str, Array]:
    with as_file(files("khala.scoring").joinpath("style.npz")) as path, np.load(path, allow_pickle=False) as stored:
        return dict(stored)
