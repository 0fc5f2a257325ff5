"""Distance of songs from the corpus: the Fréchet distance (Heusel et al. 2017) in the embedding of `scoring.style`.

`style.npz` holds the axes, and the corpus's mean and covariance on them.
"""

from collections.abc import Sequence

import numpy as np

from khala.music.errors import InvalidRequest
from khala.scoring.style import EMBEDDING_SIZE, SEGMENT_SECONDS, fitted_style
from khala.scoring.types import Array

AXES = 24
"""Main axes of the embedding, on which the corpus is described and songs are compared."""


def distance(embeddings: Sequence[Array]) -> float:
    """Return the Fréchet distance of songs, given by their embeddings, from the corpus: 0 for the corpus itself.

    It grows with every axis on which they lie elsewhere or vary otherwise, and is too large for few songs: compare
    equal numbers. Raises InvalidRequest if there are fewer than `AXES` + 1 segments in all.
    """
    rows = np.concatenate([np.zeros((0, EMBEDDING_SIZE)), *embeddings])
    if len(rows) <= AXES:
        raise InvalidRequest(f"{len(rows)} segments of {SEGMENT_SECONDS:g} s are too few for a distance; add songs")
    fitted = fitted_style()
    found = (rows - fitted["mean"]) / fitted["spread"] @ fitted["axes"]
    return frechet(found.mean(axis=0), np.cov(found.T), fitted["centre"], fitted["covariance"])


def frechet(mean: Array, covariance: Array, other_mean: Array, other_covariance: Array) -> float:
    """Return the squared Fréchet distance of two normal distributions (Dowson and Landau 1982)."""
    # the trace of a square root is the sum of the eigenvalues' roots; rounding may leave them a little below zero
    roots = np.sqrt(np.linalg.eigvals(covariance @ other_covariance).real.clip(0))
    return float(((mean - other_mean) ** 2).sum() + np.trace(covariance + other_covariance) - 2 * roots.sum())
