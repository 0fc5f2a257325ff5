"""What finetuning a model takes, counted from its shapes before anything is loaded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import torch

from khala.engine.main_memory import gigabytes
from khala.engine.pytorch.memory import BASE, free_memory, weight_bytes
from khala.models.config import ModelConfig
from khala.models.lm.config import TransformerConfig
from khala.music.errors import InvalidRequest
from khala.training.finetuning.options import FinetuneOptions
from khala.training.precision import choose
from khala.training.throughput import language_model_flops, matrix_rate

FLOAT = 4
"""Bytes of a float32."""
ADAPTER_COPIES = 5
"""An adapter's weights, their gradients, two moments of AdamW, and the best ones so far."""
SLACK = 2.0
"""What allocators, temporary tensors and copies in other formats add to the activations that are counted."""
LIBRARIES = 1200 << 20
"""What PEFT takes, and kernels that are kept for each shape of a pass: measured, with Khala Mini on a CPU."""
WORKING_SHARE = 0.3
"""The share of the rate of large matrix products at which training computes."""
LEARNING_SHARE = 4 / 6
"""Frozen weights have no gradients: that much of a training step's operations is left."""


@dataclass(frozen=True)
class Estimate:
    """Bytes of memory at the peak, and seconds, both roughly. With `recompute` activations are computed twice."""

    memory: int
    seconds: float
    dtype: torch.dtype
    recompute: bool

    def __str__(self) -> str:
        minutes = max(round(self.seconds / 60), 1)
        return f"about {gigabytes(self.memory)} of memory, and up to {minutes} minute{'s' * (minutes > 1)}"


def positions(config: ModelConfig, options: FinetuneOptions) -> int:
    """Return how many positions the longest pass has: a window of a song behind its prompt."""
    return config.prompt.backbone_limit + 2 * ceil(options.seconds * config.frame_rate)


def memory(
    config: ModelConfig, options: FinetuneOptions, dtype: torch.dtype, recompute: bool, device: torch.device
) -> int:
    """Return the bytes that training the larger of the two models takes: one after the other is trained."""
    rows = max(positions(config, options), micro_batch(options))
    return (
        LIBRARIES
        + BASE[device.type]
        + max(
            weight_bytes(one, dtype)
            + FLOAT * ADAPTER_COPIES * adapter_size(one, options.rank)
            + round(SLACK * _activation_bytes(one, rows, recompute))
            for one in (config.backbone, config.superres)
        )
    )


def micro_batch(options: FinetuneOptions) -> int:
    """Return the positions of a pass."""
    return min(options.batch_tokens, 2048)


def adapter_size(config: TransformerConfig, rank: int) -> int:
    """Return how many numbers the adapters of a language model are."""
    c, heads = config, (config.heads + 2 * config.kv_heads) * config.head_dim
    sides = (c.dim + heads) + (c.heads * c.head_dim + c.dim) + (c.dim + 2 * c.ffn) + (c.ffn + c.dim)
    return rank * c.layers * sides


def estimate(config: ModelConfig, options: FinetuneOptions, device: torch.device) -> Estimate:
    """Return what finetuning takes in the first way that fits into the memory that is free on a device: as it is, with
    recomputed activations, with frozen weights in bfloat16. Raises InvalidRequest with advice if none does."""
    room = free_memory(device)
    dtypes = [torch.float32, torch.bfloat16] if options.dtype == "auto" else [getattr(torch, options.dtype)]
    if options.dtype == "auto" and device.type != "cpu":
        dtypes.reverse()
    ways = [(dtype, recompute) for dtype in dtypes for recompute in (False, True)]
    for dtype, recompute in ways:
        need = memory(config, options, dtype, recompute, device)
        if need <= room:
            return Estimate(need, _seconds(config, options, recompute, device), dtype, recompute)
    need = memory(config, options, *ways[-1], device)
    advice = ", or ".join([*_advice(config, options, device, room), "take another --device or a smaller model"])
    raise InvalidRequest(
        f"finetuning the model {config.name} takes {gigabytes(need)} of memory, and {device} has {gigabytes(room)} "
        f"free; {advice}",
        "out-of-memory",
    )


def _advice(config: ModelConfig, options: FinetuneOptions, device: torch.device, room: int) -> Iterator[str]:
    """What would fit."""
    half = replace(options, dtype="bfloat16")
    if options.dtype == "float32" and memory(config, half, torch.bfloat16, True, device) <= room:
        yield "choose --dtype bfloat16"
    small, short = replace(half, rank=min(options.rank, 4)), replace(half, seconds=min(options.seconds, 10.0))
    if small != half and memory(config, small, torch.bfloat16, True, device) <= room:
        yield f"choose --rank {small.rank}"
    if short != half and memory(config, short, torch.bfloat16, True, device) <= room:
        yield f"choose windows of --seconds {short.seconds:g}"


def _activation_bytes(c: TransformerConfig, rows: int, recompute: bool) -> int:
    """Return the bytes that a pass over so many positions keeps for the backward pass, and of the logits."""
    heads = (c.heads + 2 * c.kv_heads) * c.head_dim
    block = rows * (6 * c.dim + 2 * heads + c.heads * c.head_dim + 4 * c.ffn)
    kept = c.layers * rows * c.dim + block if recompute else c.layers * block
    widened = c.dim * 2 * c.ffn  # the largest matrix, in the format that is computed in
    return FLOAT * (kept + widened + 3 * rows * c.codebook)


def _seconds(config: ModelConfig, options: FinetuneOptions, recompute: bool, device: torch.device) -> float:
    if options.minutes:
        return 2 * 60 * options.minutes
    rate = WORKING_SHARE * matrix_rate(device, choose(options.dtype, device), torch.get_num_threads())
    length = positions(config, options)
    rows = max(options.batch_tokens, length) / length
    flops = sum(
        language_model_flops(one, 1, length, True, length * one.dim * one.codebook) * rows
        for one in (config.backbone, config.superres)
    )
    return options.steps * flops * LEARNING_SHARE * (4 / 3 if recompute else 1) / rate
