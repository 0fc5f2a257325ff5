"""What is added up to the input of a position: a token's row, and the conditions' rows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from khala.models.lm.conditions import ConditionIds
from khala.models.lm.config import PAD_ID, TransformerConfig
from khala.weights.names import CODEC
from khala.weights.tensor_file import TensorFile

ROWS_PER_PRODUCT = 4
"""numpy spreads larger products over threads, and rounds by how many there are."""


def token_rows(weights: TensorFile, config: TransformerConfig) -> NDArray[np.float32]:
    """Return the embedding of every id of text and dense levels, [V, D] (`Transformer.token_rows`).

    For a model that sees codes through the codec's codebooks, these are read from the file beside `weights`.
    """
    rows_VD = weights.array("embedding.weight")
    if config.codebook_dim is not None:
        vectors_QCK = scaled_codebooks(weights.path.parent)[: config.dense_levels]
        vectors_NK, inward_DK = vectors_QCK.reshape(-1, config.codebook_dim), weights.array("codebooks.inward.weight")
        for first in range(0, len(vectors_NK), ROWS_PER_PRODUCT):
            rows = slice(first, first + ROWS_PER_PRODUCT)
            rows_VD[config.text_vocab :][rows] += vectors_NK[rows] @ inward_DK.T
    return rows_VD


def scaled_codebooks(folder: Path) -> NDArray[np.float32]:
    """Return the codec's codebooks, [Q, C, K], divided by the rms of level 0 (`models.lm.codebooks`)."""
    vectors_QCK = TensorFile(folder / CODEC).array("quantizer.codebooks")
    vectors_QCK /= np.sqrt(np.square(vectors_QCK[0]).mean())
    return vectors_QCK


class ConditionTable:
    """A model's table of conditions, [condition_rows, D]."""

    def __init__(self, weights: TensorFile) -> None:
        self._rows_RD = weights.array("conditions.weight")
        self._rows_RD[PAD_ID] = 0.0

    def embed(self, condition_ids: ConditionIds) -> NDArray[np.float32]:
        """Add up the rows of condition ids, [N, C] -> [N, D]."""
        sums_ND: NDArray[np.float32] = self._rows_RD[condition_ids[:, 0]]
        for ids_N in condition_ids[:, 1:].T:
            sums_ND += self._rows_RD[ids_N]
        return sums_ND
