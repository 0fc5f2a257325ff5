"""Seconds a token of the backbone's decode loop, beside what memory allows.

    python benchmarks/backbone.py [--threads 1] [--layers 4] [--tokens 24]

Every token reads every weight once, so the limit is the machine's bandwidth: here that of a copy, bytes read plus bytes
written, measured before and after. With one thread the clock is the process's CPU time, so that other programs on the
machine count less. Weights are random. Of the official size only `--layers` of the 24 layers are built (and 512 ids of
text): what is left out does the same as what is measured, and the time of all layers is that of these, scaled.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from khala.conditioning.outline import NUM_CONDITIONS
from khala.engine.pytorch.decode import decode_tokens
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import PAD_ID, TransformerConfig
from khala.models.lm.slot import Slot
from khala.models.presets import official
from khala.music.request import Sampling
from khala.nn.precision import unquantized_dtype

PROMPT = 300
"""Positions of text before the first code."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--dims", default="512,2048", help="which of the two sizes")
    parser.add_argument("--dtypes", default="float32,bfloat16,int8", help="which of the formats")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    print(f"{arguments.threads} thread(s), load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")
    full = replace(official().backbone, text_vocab=512, layers=arguments.layers)
    small = replace(full, dim=512, layers=8, heads=8, kv_heads=2, ffn=1408)
    print("size               dtype     batch  ms a token  GB/s of weights  of the copy's  against batch 1")
    for name, config, dtype in (
        ("8 layers of 512", small, torch.float32),
        ("8 layers of 512", small, torch.bfloat16),
        (f"{arguments.layers} layers of 2048", full, torch.float32),
        (f"{arguments.layers} layers of 2048", full, torch.bfloat16),
        (f"{arguments.layers} layers of 2048", full, torch.int8),
    ):
        if str(config.dim) not in arguments.dims.split(",") or str(dtype)[6:] not in arguments.dtypes.split(","):
            continue
        torch.manual_seed(0)
        model = Backbone(config).to(unquantized_dtype(dtype)).eval().requires_grad_(False)
        if dtype == torch.int8:
            model.quantize_()
        single = 0.0
        for batch in (1, 2, 4):
            before = copy_rate(clock)
            seconds = token_seconds(model, batch, arguments.tokens, clock)
            rate, limit = moved(config, dtype) / seconds, max(before, copy_rate(clock))
            single = single or seconds
            print(
                f"{name:18} {str(dtype)[6:]:9} {batch:5} {1e3 * seconds:11.2f} {rate / 1e9:16.1f} {rate / limit:14.2f} "
                f"{seconds / single:15.2f}",
                flush=True,
            )
            if batch == 1 and config.dim == 2048:
                print(f"{'':18} all 24 layers: {1e3 * seconds * 24 / config.layers:.0f} ms a token at most")


def token_seconds(model: Backbone, batch: int, tokens: int, clock: Callable[[], float]) -> float:
    """Of one step of `batch` takes, without the reading of the prompt: the quickest of three differences."""

    def run(longest: int) -> float:
        prompt, cues = [300 + i % 200 for i in range(PROMPT)], ((PAD_ID,) * NUM_CONDITIONS,) * (longest // 2 + 2)
        slots = [Slot(prompt, seed, longest, Sampling(), cues=cues) for seed in range(batch)]
        start = clock()
        decoded = decode_tokens(model, slots)
        assert all(len(ids) == longest for ids in decoded), "a take ended early"
        return clock() - start

    model.head.weight[model.config.layout.eos] = 0  # no end among the likeliest codes
    run(2)
    return min((run(tokens) - run(2)) / (tokens - 2) for _ in range(3))


def moved(config: TransformerConfig, dtype: torch.dtype) -> int:
    """Bytes of weights that a step reads: the matrices of all layers, and the rows of one level in float32."""
    heads = 2 * config.heads + 2 * config.kv_heads
    matrices = config.layers * config.dim * (heads * config.head_dim + 3 * config.ffn)
    return matrices * dtype.itemsize + config.codebook * config.dim * 4


def copy_rate(clock: Callable[[], float]) -> float:
    """Bytes read plus bytes written a second by a copy of 256 MiB."""
    source, target = torch.ones(2, 2**28, dtype=torch.uint8)
    times = []
    for _ in range(3):
        start = clock()
        target.copy_(source)
        times.append(clock() - start)
    return 2 * 2**28 / min(times)


if __name__ == "__main__":
    main()
