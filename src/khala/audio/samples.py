"""Samples, the type that all of this room works on."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""float32 `[channels, n]`, full scale at 1."""


def blocks(samples_CN: Samples, length: int) -> Iterator[Samples]:
    """Yield `samples_CN` in consecutive views of `length` samples; the last may be shorter."""
    for start in range(0, samples_CN.shape[1], length):
        yield samples_CN[:, start : start + length]
