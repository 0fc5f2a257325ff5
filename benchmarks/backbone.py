"""Seconds a token of the backbone's decode loop, beside what memory allows.

    python benchmarks/backbone.py [--layers 6] [--tokens 24] [--prompt 300] [--dtypes float32,bfloat16,int8,int4]

Every token reads every weight once, so the limit is the machine's bandwidth: here that of a copy, bytes read plus bytes
written. Steps and copies take turns, the formats and batches, too, and the median of each counts: other programs on the
machine slow all of them alike. The clock is the thread's CPU time. Weights are random. Of the official size only
`--layers` of the 24 layers are built (and 512 ids of text): what is left out does the same as what is measured, and the
time of all layers is that of these, scaled.
"""

import argparse
import os
import time
from dataclasses import replace
from statistics import median
from typing import ClassVar

import torch

from khala.engine.pytorch.device import DTYPES
from khala.engine.pytorch.draw import TokenSampler
from khala.engine.pytorch.sequences import Sequences
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.models.lm.slot import Slot
from khala.models.presets import official
from khala.music.request import Sampling
from khala.nn.precision import INT4, QUANTIZED, unquantized_dtype

COPIED = 64 << 20
"""Bytes of a copy."""


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--prompt", type=int, default=300, help="positions before the first token")
    parser.add_argument("--dims", default="512,2048", help="which of the two sizes")
    parser.add_argument("--dtypes", default="float32,bfloat16,int8,int4", help="which of the formats")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{arguments.prompt} positions, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")
    full = replace(official().backbone, text_vocab=512, layers=arguments.layers)
    small = replace(full, dim=512, layers=8, heads=8, kv_heads=2, ffn=1408)
    print("size               dtype     batch  ms a token  GB/s of weights  of the copy's  over batch 1  over float32")
    for config in (small, full):
        if str(config.dim) in arguments.dims.split(","):
            compare(config, arguments.dtypes.split(","), arguments.prompt, arguments.tokens)


def compare(config: TransformerConfig, dtypes: list[str], prompt: int, tokens: int) -> None:
    """Print a line for each format and batch."""
    loops = {(dtype, batch): Loop(config, dtype, batch, prompt, tokens) for dtype in dtypes for batch in (1, 2, 4)}
    source, target = torch.ones(2, COPIED, dtype=torch.uint8)
    copies = []
    for _ in range(tokens):
        for loop in loops.values():
            loop.step()
            start = time.thread_time()
            target.copy_(source)
            copies.append(time.thread_time() - start)
    limit = 2 * COPIED / median(copies)
    for (dtype, batch), loop in loops.items():
        seconds, single = median(loop.times), median(loops[dtype, 1].times)
        rate = moved(config, DTYPES[dtype]) / seconds
        wide = f"{seconds / median(loops['float32', batch].times):12.2f}" if "float32" in dtypes else ""
        print(
            f"{config.layers:2} layers of {config.dim:<6} {dtype:9} {batch:5} {1e3 * seconds:11.2f} {rate / 1e9:16.1f} "
            f"{rate / limit:14.2f} {seconds / single:13.2f} {wide}"
        )
        if batch == 1 and config.dim == 2048:
            print(f"{'':18} all 24 layers: {1e3 * seconds * 24 / config.layers:.0f} ms a token at most", flush=True)


class Loop:
    """A decode loop of `batch` takes."""

    models: ClassVar[dict[tuple[TransformerConfig, str], Backbone]] = {}

    def __init__(self, config: TransformerConfig, dtype: str, batch: int, prompt: int, tokens: int) -> None:
        if (config, dtype) not in self.models:
            torch.manual_seed(0)
            model = Backbone(config).to(unquantized_dtype(DTYPES[dtype])).eval().requires_grad_(False)
            if DTYPES[dtype] in QUANTIZED:
                model.quantize_(DTYPES[dtype])
            model.head.weight[config.layout.eos] = 0  # no end among the likeliest codes
            self.models[config, dtype] = model
        model = self.models[config, dtype]
        slots = [Slot([300 + i % 200 for i in range(prompt)], seed, tokens, Sampling()) for seed in range(batch)]
        self.takes, self.times = list(range(batch)), list[float]()
        self.sampler = TokenSampler(model, slots, None, legal=True)
        self.sequences = Sequences(model, slots, [tokens] * batch, None, static=False, spare=0)
        self.hidden_B1D = self.sequences.read()

    def step(self) -> None:
        """Draw a token of each take, and compute what comes behind it."""
        start = time.thread_time()
        drawn_B = self.sampler.draw(self.hidden_B1D, self.takes, len(self.times))
        self.hidden_B1D = self.sequences.step(drawn_B, self.takes, len(self.times))
        self.times.append(time.thread_time() - start)


def moved(config: TransformerConfig, dtype: torch.dtype) -> float:
    """Bytes of weights that a step reads: the matrices of all layers, and the rows of one level in float32."""
    heads = 2 * config.heads + 2 * config.kv_heads
    matrices = config.layers * config.dim * (heads * config.head_dim + 3 * config.ffn)
    return matrices * (0.625 if dtype == INT4 else dtype.itemsize) + config.codebook * config.dim * 4


if __name__ == "__main__":
    main()
