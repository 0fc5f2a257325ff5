"""The published shapes in training on one GPU, on random codes: tokens a second, memory, and how well it is used.

    python benchmarks/gpu_train.py [--device cuda:1] [--minutes 5] [--set backbone.recompute=false]

Both models take whole steps of `recipes/published`, optimizer included, each for half of the minutes; no step is
divided over GPUs, and a step is one micro-batch. `mfu` is the share of the rate at which this GPU multiplies large
matrices; beside it stands the rate itself, to compare with what the maker says. Memory stands beside what
`khala train plan` counts for one GPU.

`--device cpu --tiny` takes the same way with small shapes, and measures nothing that matters.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from khala.engine.pytorch.device import choose_device
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.music.errors import InvalidRequest
from khala.training import precision
from khala.training.losses import Losses
from khala.training.objectives.causal import CausalBatch, causal_flops, causal_loss
from khala.training.objectives.refinement import LevelBatch, level_flops, level_loss
from khala.training.optimizer import language_model_optimizers
from khala.training.parallel import clip_gradients, prepare_blocks
from khala.training.planning.memory import GB, memory
from khala.training.planning.part import Part
from khala.training.recipe import preset
from khala.training.recipe_file import load_recipe
from khala.training.throughput import matrix_rate

RECIPE = Path(__file__).parents[1] / "recipes/published/recipe.toml"
SMALL = {"max_frames": "64", "micro_batch_tokens": "256", "compile": '""', "precision": '"float32"'}
TINY = [
    *(f"shapes.{size}" for size in ("dim=64", "layers=2", "heads=2", "kv_heads=1", "head_dim=32", "ffn=128")),
    *(f"{table}.{key}={value}" for table in ("backbone", "superres") for key, value in SMALL.items()),
]
PROMPT = 108
"""Tokens of text before the codes."""
WARM_UP = 2
"""Steps that compile and are not timed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=5.0, help="for both models together")
    parser.add_argument("--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="change the recipe")
    parser.add_argument("--tiny", action="store_true", help="small shapes, to test this script")
    arguments = parser.parse_args()
    try:
        device = choose_device(arguments.device)
        recipe = load_recipe(RECIPE, [*(TINY if arguments.tiny else ()), *arguments.set])
    except InvalidRequest as error:
        sys.exit(f"gpu_train: {error}")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, load {os.getloadavg()[0]:.1f}")
    torch.manual_seed(0)
    for table in (recipe.backbone, recipe.superres):
        part = Part.of(preset(recipe), table)
        try:
            print(measure(part, device, arguments.minutes * 30), flush=True)
        except torch.OutOfMemoryError as error:
            sys.exit(f"gpu_train: {part.name}: {str(error).partition('.')[0]}; try --set {part.name}.recompute=true")


def measure(part: Part, device: torch.device, budget: float) -> str:
    """Return a line on the steps that a model takes within a budget of seconds, and at least one."""
    began, dtype = time.perf_counter(), precision.choose(part.recipe.precision, device)
    with device:
        model = (Superres if part.refines else Backbone)(part.config)
        if model.codebooks is not None:
            model.bind_codebooks(torch.randn(model.codebooks.shape))
    optimizers = language_model_optimizers(model, part.recipe)
    prepare_blocks(list(model.blocks), part.recipe)
    batch, flops = random_batch(part)
    times = list[float]()
    while len(times) <= WARM_UP or time.perf_counter() - began < budget:
        start = time.perf_counter()
        with precision.autocast(dtype, device):
            if isinstance(batch, CausalBatch):
                loss = causal_loss(model, batch, part.config.layout, Losses())
            else:
                loss = level_loss(model, batch, Losses())
        (loss / batch.predictions).backward()
        clip_gradients(model, part.recipe.clip).item()
        for optimizer in optimizers:
            optimizer.step()
        model.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - start)
    seconds, rate = median(times[WARM_UP:]), matrix_rate(device, dtype, torch.get_num_threads())
    line = (
        f"{part.name}: {part.weights.all / 1e9:.3f} B parameters, {len(times) - WARM_UP} steps of {batch.positions} "
        f"tokens, {seconds:.2f} s each: {batch.positions / seconds:.0f} tokens/s, "
        f"{flops / seconds / 1e12:.2f} of {rate / 1e12:.2f} TFLOP/s, mfu {flops / seconds / rate:.2f}"
    )
    if device.type == "cuda":
        peak, planned = torch.cuda.max_memory_allocated(device) / GB, memory(part, 1).total
        line += f"; at most {peak:.1f} GB, planned {planned:.1f}"
        torch.cuda.reset_peak_memory_stats(device)
    return line


def random_batch(part: Part) -> tuple[CausalBatch | LevelBatch, float]:
    """Return a micro-batch of songs of random codes, as long and as many as the recipe allows, and its operations."""
    layout, frames = part.config.layout, part.recipe.max_frames
    rows = max(1, part.recipe.micro_batch_tokens // part.batch(1, PROMPT, frames).positions)
    batch = part.batch(rows, PROMPT, frames)
    if isinstance(batch, CausalBatch):
        q0, q1 = (torch.randint(layout.codebook, codes.shape) for codes in (batch.q0, batch.q1))
        return replace(batch, q0=q0, q1=q1), causal_flops(part.config, batch)
    codes = [torch.randint(layout.codebook, song.shape) for song in batch.codes]
    return replace(batch, codes=codes), level_flops(part.config, batch)


if __name__ == "__main__":
    main()
