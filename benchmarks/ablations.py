"""What a choice in training is worth: short runs that differ in it alone, measured on held-out songs.

    python benchmarks/ablations.py RUN [--part superres] [--minutes 8] [--start MODEL] NAME:KEY=VALUE[,KEY=VALUE...] ...

    python benchmarks/ablations.py runs/mini plain: corrupted:code_corruption=0.1 spelling:lyrics=spelling
    python benchmarks/ablations.py runs/mini --part superres recipe: random:begin=random unhybrid:causal=0.0

Each run begins anew (or with --start's weights) and takes the same time on one thread. `conditions=false` shows no
outline, `lyrics` is how prompts write them; super-resolution begins with the backbone of RUN unless `begin=random`.
Every other key is a setting of the recipe's table of the part. Losses are nats a code: for the backbone on whole
held-out songs and on excerpts of them with their own words, and "other words" is what the excerpts cost behind the
words of another one, less what they cost behind their own: how much the model listens to its prompt. For
super-resolution they are by level.
"""

import argparse
import math
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import torch

from khala.conditioning.rows import CONDITION_ROWS
from khala.corpus.data.excerpts import excerpt
from khala.training import loop
from khala.training.losses import Losses
from khala.training.objectives import superres
from khala.training.objectives.backbone import BackboneObjective, prepare
from khala.training.objectives.superres import SuperresObjective
from khala.training.recipe import BackboneRecipe, LanguageModelRecipe, preset
from khala.training.recipe_file import load_recipe

COLUMNS = {
    "backbone": "| run | steps | whole q0 | whole q1 | excerpt q0 | excerpt q1 | phone | other words |",
    "superres": "| run | steps | q2-3 | q4-7 | q8-15 | q16-31 | q32-63 | residual |",
}
RECIPE = Path(__file__).parent.parent / "recipes" / "mini" / "recipe.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path, help="folder that holds `tokens` and, for super-resolution, `backbone`")
    parser.add_argument("runs", nargs="+", metavar="NAME:SETTINGS")
    parser.add_argument("--part", choices=COLUMNS, default="backbone")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--start", default="", help="a model to go on from")
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    arguments = parser.parse_args()
    columns, part = COLUMNS[arguments.part], arguments.part
    print(f"{columns}\n{'|---' * columns.count(' | ')}|---|", flush=True)
    for text in arguments.runs:
        name, _, settings = text.partition(":")
        pairs = dict(pair.split("=") for pair in settings.split(",") if pair)
        system = preset(load_recipe(arguments.recipe))
        system = replace(system, prompt=replace(system.prompt, lyrics=pairs.pop("lyrics", "phones")))
        shown = CONDITION_ROWS * (pairs.pop("conditions", "true") == "true")
        system = replace(
            system,
            backbone=replace(system.backbone, condition_rows=shown),
            superres=replace(system.superres, condition_rows=shown),
        )
        begin = None if pairs.pop("begin", "backbone") == "random" else arguments.run / "backbone"
        chosen = [f"{part}.{key}={value}" for key, value in pairs.items()]
        recipe = load_recipe(arguments.recipe, [*chosen, f"{part}.minutes={arguments.minutes}", f"{part}.threads=1"])
        tokens = arguments.run / "tokens"
        if part == "backbone":
            objective = prepare(recipe, tokens, arguments.start, system)
            steps = trained(objective, recipe.backbone)
            figures = held_out(objective, recipe.backbone)
        else:
            refiner = superres.prepare(recipe, tokens, begin, arguments.start, system)
            steps = trained(refiner, recipe.superres)
            figures = by_level(refiner)
        print(f"| {name} | {steps} | " + " | ".join(f"{value:.2f}" for value in figures) + " |", flush=True)


def trained(objective: loop.Objective[Any], recipe: LanguageModelRecipe) -> int:
    """Train as the recipe says; the number of steps."""
    with TemporaryDirectory() as folder:
        loop.train(objective, replace(recipe, eval_minutes=1e9), Path(folder))
        return max((int(path.name[5:]) for path in Path(folder).glob("checkpoints/step-*")), default=0)


@torch.no_grad()
def by_level(objective: SuperresObjective) -> list[float]:
    """Losses of super-resolution on held-out songs, every level of a column alike: each song at several of them."""
    objective.model.eval()
    losses = Losses()
    for number, song in enumerate(objective.corpus.held_out[: objective.recipe.eval_songs]):
        for level in objective.held_out_levels:
            objective.loss(objective.refinement([song], [level], 0, [Random(number)]), losses)
    found = losses.mean()
    return [found.get(name, math.nan) for name in ("q2-3", "q4-7", "q8-15", "q16-31", "q32-63", "residual")]


@torch.no_grad()
def held_out(objective: BackboneObjective, recipe: BackboneRecipe) -> list[float]:
    """Losses: whole songs q0, q1; excerpts q0, q1, phone; the worth of the right words."""
    objective.model.eval()
    whole, own, other = (Losses() for _ in range(3))
    for batch in objective.held_out():
        objective.loss(batch, whole)
    parts = []
    for song in objective.corpus.held_out:
        for number in range(4):
            request, begin, end, lines = excerpt(song, recipe.excerpt_frames, Random(f"{song.name} {number}"))
            if request.lyrics:
                parts.append((song, request, begin, end, lines))
    for i, (song, request, begin, end, lines) in enumerate(parts):
        words = parts[(i + len(parts) // 2) % len(parts)][1].lyrics
        objective.loss(objective.batch([(song, request, begin, end, lines)]), own)
        strange = replace(request, lyrics=words)
        objective.loss(objective.batch([(song, strange, begin, end, lines)]), other)
    mean, dearer = own.mean(), other.mean()
    worth = dearer["q0"] + dearer["q1"] - mean["q0"] - mean["q1"]
    return [whole.mean()["q0"], whole.mean()["q1"], mean["q0"], mean["q1"], mean.get("phone", float("nan")), worth]


if __name__ == "__main__":
    main()
