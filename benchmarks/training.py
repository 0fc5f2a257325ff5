"""How well training uses a processor: operations of whole steps a second, beside those of large matrix products.

Steps of the backbone on random codes, optimizer included, alternate with products of matrices, both in seconds of CPU
of one thread, so that other processes disturb neither. `mfu` is the ratio: what the log of a run calls by that name.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import numpy as np
import torch

from khala.models.lm.backbone import Backbone
from khala.models.presets import mini
from khala.training import precision
from khala.training.losses import Losses
from khala.training.objectives.causal import causal_batch, causal_flops, causal_loss
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import BackboneRecipe


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--rows", type=int, default=4, help="sequences of a step")
    parser.add_argument("--length", type=int, default=1024, help="positions of a sequence")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--steps", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    dim, heads = arguments.dim, arguments.dim // 64
    shape = {"dim": dim, "layers": arguments.layers, "heads": heads, "kv_heads": max(heads // 2, 1), "head_dim": 64}
    config = replace(mini().backbone, **shape, ffn=dim * 8 // 3, codebook_dim=None, condition_rows=0)
    model, dtype = Backbone(config), precision.choose(arguments.precision, torch.device("cpu"))
    optimizers = language_model_optimizers(model, BackboneRecipe(precision=arguments.precision))
    frames = (arguments.length - 16) // 2
    codes = [np.random.default_rng(row).integers(1024, size=(2, frames)) for row in range(arguments.rows)]
    batch = causal_batch([[65] * 16] * arguments.rows, codes, [False] * arguments.rows, config.layout)
    a_NN = torch.ones(1024, 1024, dtype=dtype)

    def step() -> None:
        with precision.autocast(dtype, torch.device("cpu")):
            loss = causal_loss(model, batch, config.layout, Losses())
        (loss / batch.predictions).backward()
        for optimizer in optimizers:
            optimizer.step()
        model.zero_grad(set_to_none=True)

    step()
    times = [(seconds(step), min(seconds(lambda: a_NN @ a_NN) for _ in range(3))) for _ in range(arguments.steps)]
    spent, product = (median(part) for part in zip(*times, strict=True))
    flops, able = causal_flops(config, batch) / spent, 2 * 1024**3 / product
    size = sum(weight.numel() for weight in model.parameters())
    print(
        f"{size / 1e6:.1f} M parameters, width {dim}, {arguments.precision}: {batch.positions / spent:.0f} tokens/s, "
        f"{flops / 1e9:.1f} of {able / 1e9:.1f} GFLOP/s, mfu {flops / able:.2f}"
    )


def seconds(do: Callable[[], object]) -> float:
    """CPU time of this thread."""
    start = time.thread_time()
    do()
    return time.thread_time() - start


if __name__ == "__main__":
    main()
