"""How well a device is used: floating-point operations of a language model, and how many a device does."""

import time
from functools import cache

import torch

from khala.models.lm.config import TransformerConfig

SIZE, REPEATS = 1024, 5
"""The matrices whose product is timed: large enough for a CPU's best rate, a thousandth of a second on a GPU."""
GPU_SIZE = 8192


def language_model_flops(config: TransformerConfig, rows: int, length: int, causal: bool, head_products: int) -> float:
    """Return the floating-point operations of a forward and a backward pass of `rows` sequences of `length` positions:
    six for each weight and position, those of attention (PaLM, arXiv 2204.02311, appendix B), and of `head_products`
    products of weights and hidden states in the head. What is recomputed does not count, nor the positions that a
    causal mask hides."""
    heads = (config.heads + 2 * config.kv_heads) * config.head_dim
    block = config.dim * (heads + config.heads * config.head_dim + 3 * config.ffn)
    attention = 2 * config.heads * config.head_dim * length / (2 if causal else 1)
    return 6.0 * (rows * length * config.layers * (block + attention) + head_products)


class Meter:
    """Counts what all ranks compute between two readings."""

    def __init__(self, device: torch.device, dtype: torch.dtype, world: int) -> None:
        self.device, self.dtype, self.world = device, dtype, world
        self.positions, self.flops, self.since = 0.0, 0.0, time.monotonic()

    def add(self, positions: float, flops: float) -> None:
        """Count a step."""
        self.positions, self.flops = self.positions + positions, self.flops + flops

    def read(self, unit: str) -> dict[str, float]:
        """Return positions a second and, where operations are counted, "mfu": their rate as a share of that of large
        matrix products on these devices (`matrix_rate`); then begin again."""
        seconds = time.monotonic() - self.since
        found = {f"{unit}/s": self.positions / seconds}
        if self.flops:
            able = self.world * matrix_rate(self.device, self.dtype, torch.get_num_threads())
            found["mfu"] = self.flops / seconds / able
        self.positions, self.flops, self.since = 0.0, 0.0, time.monotonic()
        return found


@cache
def matrix_rate(device: torch.device, dtype: torch.dtype, threads: int) -> float:
    """Measure how many floating-point operations a second a product of large matrices does, the best of a few."""
    size = GPU_SIZE if device.type == "cuda" else SIZE
    a_NN = torch.ones(size, size, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        (a_NN @ a_NN)[0, 0].item()
        best = min(best, time.perf_counter() - start)
    return 2.0 * size**3 / best
