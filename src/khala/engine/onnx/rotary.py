"""Cosines and sines of rotary positions as onnxruntime takes them; `nn.rope` says what they are."""

import math

import numpy as np
from numpy.typing import NDArray

from khala.models.lm.config import TransformerConfig

SCALED_CONTEXT = 8192
"""Positions that models with scaled rotary positions were first trained on, by convention."""


def rotary_tables(config: TransformerConfig, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines and sines of positions below `size`, [C, K / 2] each: both halves of a head rotate alike."""
    speed_K = config.rope_base ** -(np.arange(0, config.head_dim, 2, dtype=np.float64) / config.head_dim)
    if config.rope_scaling != 1.0:
        kept_K = np.clip(((SCALED_CONTEXT * speed_K / (2 * math.pi) - 1) / 3), 0, 1)
        speed_K = speed_K * (kept_K + (1 - kept_K) / config.rope_scaling)
    angle_CK = np.outer(np.arange(size, dtype=np.float64), speed_K)
    return np.cos(angle_CK).astype(np.float32), np.sin(angle_CK).astype(np.float32)
