"""Seconds of a super-resolution pass, beside what the machine's matrix products allow.

    python benchmarks/superres.py [--threads 1] [--layers 2] [--seconds 60]

The limit is the rate of a product of the pass's own largest shape, measured before and after, in float32 and in the
format of the weights: on a CPU without instructions for bfloat16 such weights are multiplied in float32, which is
faster. The last column is the time of a take that shares its passes with others, over that of a take alone. With one
thread the clock is the process's CPU time, so that other programs on the machine count less. Weights are random; of the
official size only `--layers` of the 24 layers are built (and 512 ids of text), and their time is scaled.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from khala.engine.pytorch.refine import refine
from khala.models.lm.config import TransformerConfig
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.superres import Superres
from khala.models.presets import official
from khala.music.request import Sampling

PROMPT = 108
"""Positions of text: with 60 s of song there are 1400."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--dims", default="512,2048", help="which of the two sizes")
    parser.add_argument("--takes", type=int, default=4, help="in a shared pass")
    parser.add_argument("--by-rows", action="store_true", help="share passes as on CUDA")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    frames = round(arguments.seconds * 44100 / 2048)
    print(f"{arguments.threads} thread(s), load {os.getloadavg()[0]:.1f}, torch {torch.__version__}, {frames} frames")
    full = replace(official().superres, text_vocab=512, layers=arguments.layers, levels=5)
    small = replace(full, dim=512, layers=8, heads=8, kv_heads=2, ffn=1408)
    print("size               dtype     s a pass  GFLOP/s  of a float32 product's  of one's in that dtype  shared")
    for name, config, dtype in (
        ("8 layers of 512", small, torch.float32),
        ("8 layers of 512", small, torch.bfloat16),
        (f"{arguments.layers} layers of 2048", full, torch.float32),
        (f"{arguments.layers} layers of 2048", full, torch.bfloat16),
    ):
        if str(config.dim) not in arguments.dims.split(","):
            continue
        torch.manual_seed(0)
        model = Superres(config).to(dtype).eval().requires_grad_(False)
        limits = [product_rate(config, PROMPT + frames, kind, clock) for kind in (torch.float32, dtype)]
        seconds = pass_seconds(model, frames, clock)
        again = [product_rate(config, PROMPT + frames, kind, clock) for kind in (torch.float32, dtype)]
        shared = pass_seconds(model, frames, clock, arguments.takes, arguments.by_rows) / arguments.takes
        rate = operations(config, frames) / seconds
        shares = [rate / max(pair) for pair in zip(limits, again, strict=True)]
        print(
            f"{name:18} {str(dtype)[6:]:9} {seconds:8.3f} {rate / 1e9:8.0f} {shares[0]:23.2f} {shares[1]:23.2f} "
            f"{shared / seconds:7.2f}",
            flush=True,
        )
        if config.dim == 2048:
            print(f"{'':18} all 24 layers: {seconds * 24 / config.layers:.1f} s a pass at most")


def pass_seconds(
    model: Superres, frames: int, clock: Callable[[], float], takes: int = 1, by_rows: bool = False
) -> float:
    """Of the quickest pass of one level over so many takes, its draws among it."""
    codes = np.random.default_rng(0).integers(0, 1024, (2, frames)).astype(np.int16)
    books_QCK = torch.zeros(model.config.levels, 1024, 1)  # looked into only where nothing is drawn
    drafts = [RefineInput([300] * PROMPT, codes, seed, Sampling()) for seed in range(takes)]
    ends: dict[int, float] = {}
    refine(model, drafts, books_QCK, lambda stage, done, total: ends.setdefault(done, clock()), by_rows)
    return float(min(np.diff([ends[done] for done in sorted(ends) if done])))


def operations(config: TransformerConfig, frames: int) -> float:
    """Additions and multiplications of a pass: all layers but what the last spares, attention, the level's head."""
    c, positions = config, PROMPT + frames
    inward = (c.heads + 2 * c.kv_heads) * c.head_dim
    after = c.heads * c.head_dim + 3 * c.ffn
    products = c.dim * (c.layers * positions * (inward + after) - PROMPT * after)
    attention = 2 * c.heads * c.head_dim * positions * (c.layers * positions - PROMPT)
    return 2.0 * (products + attention + frames * c.dim * c.codebook)


def product_rate(config: TransformerConfig, positions: int, dtype: torch.dtype, clock: Callable[[], float]) -> float:
    """Operations a second of [positions, dim] times [dim, 2 ffn]."""
    x, weight = torch.ones(positions, config.dim, dtype=dtype), torch.ones(2 * config.ffn, config.dim, dtype=dtype)
    times = []
    for _ in range(3):
        start = clock()
        torch.nn.functional.linear(x, weight)
        times.append(clock() - start)
    return 2.0 * positions * config.dim * 2 * config.ffn / min(times)


if __name__ == "__main__":
    main()
