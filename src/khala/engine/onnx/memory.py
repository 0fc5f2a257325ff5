"""How much memory a song takes in the engine without torch, told from files and configurations alone."""

import math
from pathlib import Path

from khala.models.config import ModelConfig
from khala.models.lm.length import MARGIN
from khala.models.lm.windows import SONG_WINDOWS
from khala.weights.names import BACKBONE, CODEC, SUPERRES
from khala.weights.tensor_file import TensorFile

BASE = 120 << 20
"""What a process takes before there is any model."""
MOST_TAKES = 16
"""Takes that are decoded together at most."""
FLOAT = 4
"""Bytes of a float32."""
COPIES = 5
"""How often a song's samples are there while they are finished."""


def need(folder: Path, config: ModelConfig, seconds: float, takes: int, threads: int) -> int:
    """Return the bytes for `takes` songs of `seconds` that are decoded together, by the largest tensors."""
    frames = round(MARGIN * seconds * config.frame_rate)
    if not config.window_frames:
        frames = min(frames, config.backbone.context // 2)
    backbone, superres = config.backbone, config.superres
    weights = FLOAT * sum(numbers(folder / name) for name in (BACKBONE, SUPERRES, CODEC))
    positions = min(config.prompt.backbone_limit + 2 * config.frames_at_once(frames), backbone.context)
    sequences = 2 if config.prompt.supports_guidance else 1
    cache = 2 * backbone.layers * backbone.kv_heads * backbone.head_dim * positions * FLOAT * sequences
    read = config.prompt.superres_limit + min(frames, SONG_WINDOWS.frames)
    window = read * (8 * superres.dim + 4 * superres.ffn + superres.heads * read) * FLOAT * sequences
    codes = 2 * superres.levels * frames
    samples = COPIES * 2 * config.codec.hop * frames * FLOAT
    work = max(takes * cache, threads * window) + takes * (codes + samples)
    return BASE + weights + work


def numbers(path: Path) -> int:
    """Return how many numbers the tensors of a safetensors file hold. Raises OSError, ValueError."""
    return sum(math.prod(stored.shape) for stored in TensorFile(path).tensors.values())
