"""What a choice in training is worth: short runs of the backbone that differ in it alone, measured on held-out songs.

    python benchmarks/ablations.py RUN [--minutes 8] [--start MODEL] NAME:KEY=VALUE[,KEY=VALUE...] ...

    python benchmarks/ablations.py runs/mini plain: noise:noise=0.1 spelling:lyrics=spelling

Each run begins anew (or with --start's weights) and takes the same processor time on one thread. `lyrics` is how
prompts write them, `cues=false` shows no outline, every other key is a setting of the recipe's [backbone]. Losses are
nats a code on whole held-out songs and on excerpts of them with their own words; "other words" is what the excerpts
cost behind the words of another one, less what they cost behind their own: how much the model listens to its prompt.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import torch

from khala.corpus.loader import excerpt
from khala.models.config import ModelConfig
from khala.training import loop
from khala.training.backbone import BackboneObjective, prepare
from khala.training.loop import Losses
from khala.training.recipe import BackboneRecipe, Recipe, load, preset

COLUMNS = "| run | steps | whole q0 | whole q1 | excerpt q0 | excerpt q1 | phone | other words |"
RECIPE = Path(__file__).parent.parent / "recipes" / "mini" / "recipe.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path, help="folder that holds `tokens`")
    parser.add_argument("runs", nargs="+", metavar="NAME:SETTINGS")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--start", default="", help="a model to go on from")
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    arguments = parser.parse_args()
    print(f"{COLUMNS}\n{'|---' * COLUMNS.count(' | ')}|---|", flush=True)
    for text in arguments.runs:
        name, _, settings = text.partition(":")
        pairs = dict(pair.split("=") for pair in settings.split(",") if pair)
        system = preset(load(arguments.recipe))
        system = replace(system, prompt=replace(system.prompt, lyrics=pairs.pop("lyrics", "phones")))
        system = replace(system, backbone=replace(system.backbone, cues=pairs.pop("cues", "true") == "true"))
        chosen = [f"backbone.{key}={value}" for key, value in pairs.items()]
        recipe = load(arguments.recipe, [*chosen, f"backbone.minutes={arguments.minutes}", "backbone.threads=1"])
        print(f"| {name} | {measured(recipe, arguments.run / 'tokens', arguments.start, system)} |", flush=True)


def measured(recipe: Recipe, tokens: Path, start: str, system: ModelConfig) -> str:
    """Train as the recipe says and measure; the cells of a row."""
    objective = prepare(recipe, tokens, start, system)
    with TemporaryDirectory() as folder:
        loop.train(objective, replace(recipe.backbone, eval_minutes=1e9), Path(folder))
        steps = max((int(path.name[5:]) for path in Path(folder).glob("checkpoints/step-*")), default=0)
    return f"{steps} | " + " | ".join(f"{value:.2f}" for value in held_out(objective, recipe.backbone))


@torch.no_grad()
def held_out(objective: BackboneObjective, recipe: BackboneRecipe) -> list[float]:
    """Losses: whole songs q0, q1; excerpts q0, q1, phone; the worth of the right words."""
    objective.model.eval()
    whole, own, other = (Losses({}, {}) for _ in range(3))
    for piece in objective.held_out():
        objective.loss(piece, whole)
    asked = []
    for song in objective.corpus.held_out:
        for number in range(4):
            request, begin, end, lines = excerpt(song, recipe.excerpt_frames, Random(f"{song.name} {number}"))
            if request.lyrics:
                asked.append((song, request, begin, end, lines))
    for i, (song, request, begin, end, lines) in enumerate(asked):
        words = asked[(i + len(asked) // 2) % len(asked)][1].lyrics
        objective.loss(objective._piece([(song, request, begin, end, lines)]), own)
        strange = replace(request, lyrics=words)
        objective.loss(objective._piece([(song, strange, begin, end, lines)]), other)
    mean, dearer = own.mean(), other.mean()
    worth = dearer["q0"] + dearer["q1"] - mean["q0"] - mean["q1"]
    return [whole.mean()["q0"], whole.mean()["q1"], mean["q0"], mean["q1"], mean.get("phone", float("nan")), worth]


if __name__ == "__main__":
    main()
