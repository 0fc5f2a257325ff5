"""`khala train plan`: what a recipe takes on so many GPUs, counted before anything is bought."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from khala.training.planning.plan import Plan

RecipeFile = Annotated[Path, typer.Argument(help="Recipe file (TOML), such as recipes/mini/recipe.toml.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Override the recipe: table.key=value. Can be repeated.")
]


def plan(
    recipe: RecipeFile,
    settings: Overrides = None,
    gpus: Annotated[int, typer.Option(help="Number of GPUs.")] = 8,
    memory: Annotated[float, typer.Option(help="Memory of each GPU, in GB.")] = 80.0,
    tflops: Annotated[float, typer.Option(help="Its best rate in 16 bits; H100: 989, A100: 312.")] = 989.0,
    mfu: Annotated[float, typer.Option(help="Share of that rate that training reaches.")] = 0.4,
    hours: Annotated[float, typer.Option(help="Hours of songs in the corpus.")] = 10_000.0,
    song_seconds: Annotated[float, typer.Option(help="Length of a song, in seconds.")] = 200.0,
    text_tokens: Annotated[int, typer.Option(help="Length of a prompt, in tokens.")] = 400,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count memory, operations, days and disk of a recipe on so many GPUs. Nothing is trained."""
    from khala.training.planning.part import Songs, seconds
    from khala.training.planning.plan import Machine
    from khala.training.planning.plan import plan as count
    from khala.training.recipe_file import load_recipe

    songs = Songs(hours, round(song_seconds / seconds(1)), text_tokens)
    found = count(load_recipe(recipe, settings or ()), Machine(gpus, memory, tflops, mfu), songs)
    typer.echo(json.dumps(found.to_json(), indent=2) if as_json else "\n".join(lines(found)))


def lines(plan: "Plan") -> list[str]:
    """Return a plan as a table."""
    from khala.training.planning.memory import RESERVED_GB
    from khala.training.planning.part import seconds

    machine, songs, parts = plan.machine, plan.songs, plan.parts.values()
    of = [one.memory for one in parts]
    rows = {
        "parameters": [f"{one.weights / 1e9:.2f} B" for one in parts],
        "memory of each GPU": [f"{one.total:.1f} GB" for one in of],
        "  weights (32 bits)": [f"{one.weights:.1f} GB" for one in of],
        "  gradients": [f"{one.gradients:.1f} GB" for one in of],
        "  optimizers": [f"{one.optimizer:.1f} GB" for one in of],
        "  forward and backward": [f"{one.compute:.1f} GB" for one in of],
        "    activations": [f"{one.activations:.1f} GB" for one in of],
        "    weights put together": [f"{one.gathered:.1f} GB" for one in of],
        "  or the last reduction": [f"{one.reduction:.1f} GB" for one in of],
        "  or the optimizers' step": [f"{one.step:.1f} GB" for one in of],
        "  reserved, not counted": [f"{RESERVED_GB:.1f} GB"] * len(of),
        "tokens": [f"{one.tokens / 1e9:.1f} G" for one in parts],
        "passes over the corpus": [f"{one.epochs:.1f}" for one in parts],
        "steps": [f"{one.steps}" for one in parts],
        "micro-batches of a GPU": [f"{one.micro_batches:g}" for one in parts],
        "operations": [f"{one.flops:.2e}" for one in parts],
        "days": [f"{one.days:.1f}" for one in parts],
        "checkpoints on disk": [f"{one.checkpoint_gb:.0f} GB" for one in parts],
    }
    texts = [f"{'':<26}{''.join(f'{name:>12}' for name in plan.parts)}"]
    texts += [f"{name:<26}{''.join(f'{cell:>12}' for cell in cells)}" for name, cells in rows.items()]
    days = sum(one.days for one in parts)
    return [
        f"{machine.gpus} GPUs of {machine.memory_gb:g} GB, {machine.tflops:g} TFLOP/s at an MFU of {machine.mfu:g}",
        f"{songs.hours:g} hours of songs of {seconds(songs.frames):.0f} s, prompts of {songs.text} tokens: "
        f"{plan.frames / 1e6:.0f} M frames, {plan.shards_gb:.1f} GB of shards",
        "",
        *texts,
        "",
        *(_verdict(name, one.advice) for name, one in plan.parts.items()),
        f"{days:.1f} days for both, one after the other",
    ]


def _verdict(name: str, advice: str) -> str:
    return f"{name} does not fit; {advice}" if advice else f"{name} fits"
