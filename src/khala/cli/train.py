"""`khala train`: train a model by its recipe, stage by stage, from a corpus to a model folder."""

from pathlib import Path
from typing import Annotated

import typer

from khala.cli.train_plan import Overrides, RecipeFile, plan

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Train a codec, a backbone, a super-resolution model or a recogniser.",
)

Run = Annotated[
    Path | None, typer.Option(help="Folder of all stages.  [default: runs/ and the name of the recipe's folder]")
]
Corpus = Annotated[Path | None, typer.Option(help="Folder of songs.  [default: corpus in the run's folder]")]
Tokens = Annotated[
    str | None,
    typer.Option(help="Folder of token shards, or its URL (s3://...).  [default: tokens in the run's folder]"),
]
Start = Annotated[str, typer.Option(help="Name or folder of a model to start from, instead of random weights.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps, ...; under torchrun auto, cpu or cuda.")]
Threads = Annotated[int, typer.Option(min=0, help="CPU threads; 0 for the recipe's.")]


@app.command()
def codec(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    corpus: Corpus = None,
    family: Annotated[str, typer.Option(help="spectral or dac.  [default: the recipe's, or its preset's]")] = "",
    fit_only: Annotated[bool, typer.Option("--fit-only", help="Skip the vocoder of a spectral codec.")] = False,
    start: Annotated[str, typer.Option(help="Name or folder of a model whose vocoder to start from.")] = "",
    device: Device = "auto",
) -> None:
    """Train a codec on a corpus, or resume its run in the same folder."""
    from khala.training.objectives.codec.train import train_codec
    from khala.training.ranks import joined
    from khala.training.recipe import codec_recipe
    from khala.training.recipe_file import load_recipe

    overrides = [*(settings or ()), *([f"codec.family={family}"] if family else ())]
    folder, chosen = _folder(recipe, run), codec_recipe(load_recipe(recipe, overrides))
    with joined(device) as ranks:
        train_codec(chosen, corpus or folder / "corpus", folder / "codec", ranks, fit_only=fit_only, start=start)


@app.command()
def backbone(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Tokens = None,
    start: Start = "",
    device: Device = "auto",
    threads: Threads = 0,
) -> None:
    """Train the backbone, or resume its run in the same folder."""
    from khala.training.objectives.backbone import train_backbone
    from khala.training.ranks import joined
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, _settings("backbone", settings, threads))
    with joined(device) as ranks:
        train_backbone(chosen, tokens or folder / "tokens", folder / "backbone", start, ranks, folder / "codec")


@app.command()
def superres(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Tokens = None,
    backbone: Annotated[
        Path | None,
        typer.Option(help="Folder of the trained backbone to start from.  [default: backbone in the run's folder]"),
    ] = None,
    start: Start = "",
    device: Device = "auto",
    threads: Threads = 0,
) -> None:
    """Train super-resolution, starting from the backbone's weights."""
    from khala.training.objectives.superres import train_superres
    from khala.training.ranks import joined
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, _settings("superres", settings, threads))
    places = tokens or folder / "tokens", backbone or folder / "backbone"
    with joined(device) as ranks:
        train_superres(chosen, *places, folder / "superres", start, ranks, folder / "codec")


@app.command()
def durations(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Tokens = None,
) -> None:
    """Train the duration model, which plans how long each phone is sung."""
    from khala.training.objectives.durations import train_durations
    from khala.training.ranks import require_single
    from khala.training.recipe_file import load_recipe

    require_single("the duration model")
    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, settings or ())
    typer.echo(train_durations(chosen.durations, tokens or folder / "tokens", folder / "durations"))


@app.command()
def recogniser(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    corpus: Corpus = None,
    threads: Threads = 0,
) -> None:
    """Train the recogniser of sung phones that khala evaluate uses, or resume its run in the same folder."""
    from khala.training.objectives.recogniser import train_recogniser
    from khala.training.ranks import require_single
    from khala.training.recipe_file import load_recipe

    require_single("the recogniser")
    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, _settings("recogniser", settings, threads))
    typer.echo(train_recogniser(chosen.recogniser, corpus or folder / "corpus", folder / "recogniser"))


@app.command()
def assemble(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Tokens = None,
    out: Annotated[
        Path | None, typer.Option(help="Model folder to write.  [default: model in the run's folder]")
    ] = None,
) -> None:
    """Assemble the trained parts into a model folder, with a model card of the measurements."""
    from khala.training.assemble import assemble as assemble_model
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    target = out or folder / "model"
    assemble_model(load_recipe(recipe, settings or ()), folder, target, tokens)
    typer.echo(f"{target}  (try it: khala generate --model {target})")


app.command()(plan)


def _folder(recipe: Path, run: Path | None) -> Path:
    return run or Path("runs") / recipe.absolute().parent.name


def _settings(table: str, settings: list[str] | None, threads: int) -> list[str]:
    return [*(settings or ()), *([f"{table}.threads={threads}"] if threads else ())]
