"""The duration model: how long a phone of a sung line lasts, from what stands around it. Needs no torch.

A line is gone through phone by phone (as in FastSpeech, arXiv 1905.09263, but each after the ones before): features of
a phone are rows of a table, whose sum goes through one hidden layer to the logits of `CLASSES` durations in frames.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from khala.audio.replacing import replacing

CLASSES = 64
"""Durations that can be told apart: class 0 is one frame, the last one that or longer."""
HIDDEN = 192


@dataclass(frozen=True)
class DurationModel:
    """Weights in float32: rows of features [F, H], the layers [H, H] and [CLASSES, H], and their biases."""

    rows: NDArray[np.float32]
    first_bias: NDArray[np.float32]
    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    head: NDArray[np.float32]
    head_bias: NDArray[np.float32]

    def logits(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [CLASSES] of a phone's duration from the rows of its features."""
        x_H = silu(self.rows[ids].sum(0) + self.first_bias)
        x_H = silu(self.hidden @ x_H + self.hidden_bias)
        logits: NDArray[np.float32] = self.head @ x_H + self.head_bias
        return logits

    def save(self, path: Path) -> None:
        """Write the weights in half precision."""
        with replacing(path) as part:
            save_file({field.name: getattr(self, field.name).astype(np.float16) for field in fields(self)}, part)


def load_durations(path: Path) -> DurationModel:
    """Read a duration model. Raises OSError, ValueError if it is none."""
    try:
        tensors = load_file(path)
        return DurationModel(**{field.name: tensors[field.name].astype(np.float32) for field in fields(DurationModel)})
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"it holds no duration model: {error}") from None


def silu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """x * sigmoid(x)."""
    values: NDArray[np.float32] = x * (0.5 + 0.5 * np.tanh(0.5 * x))
    return values
