"""The codec's codebooks, through which the language models see codes."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from khala.weights.names import CODEC
from khala.weights.tensor_file import TensorFile

TENSOR = "quantizer.codebooks"
LEVELS_KEPT = 4
"""Levels that are kept in float32: takes and windows are rarely at more."""


class Codebooks:
    """The vectors [C, K] of each level. In the file they are float16; a level is cast when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._file = TensorFile(folder / CODEC)
        self.vectors = lru_cache(LEVELS_KEPT)(self._vectors)
        self.rms = lru_cache(None)(self._rms)

    def latent(self, codes_QT: NDArray[np.integer]) -> NDArray[np.float32]:
        """Add up the vectors of the first Q levels, any Q -> [T, K]."""
        total_TK = np.zeros((codes_QT.shape[1], self._file.tensors[TENSOR].shape[2]), np.float32)
        for level, codes_T in enumerate(codes_QT):
            total_TK += self._file.array(TENSOR, (level, codes_T))
        return total_TK

    def _vectors(self, level: int) -> NDArray[np.float32]:
        return self._file.array(TENSOR, level)

    def _rms(self, level: int) -> float:
        return float(np.sqrt(np.square(self.vectors(level), dtype=np.float64).mean()))
