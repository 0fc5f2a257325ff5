"""`khala train`: train a model by its recipe, stage by stage, from a corpus to a model folder."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Train a codec, a backbone, a super-resolution model or a recogniser.",
)

RecipeFile = Annotated[Path, typer.Argument(help="Recipe file (TOML), such as recipes/mini/recipe.toml.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Override the recipe: table.key=value. Can be repeated.")
]
Run = Annotated[
    Path | None, typer.Option(help="Folder of all stages.  [default: runs/ and the name of the recipe's folder]")
]
Corpus = Annotated[Path | None, typer.Option(help="Folder of songs.  [default: corpus in the run's folder]")]
Tokens = Annotated[Path | None, typer.Option(help="Folder of token shards.  [default: tokens in the run's folder]")]
Start = Annotated[str, typer.Option(help="Name or folder of a model to start from, instead of random weights.")]
Threads = Annotated[int, typer.Option(min=0, help="CPU threads; 0 for the recipe's.")]


@app.command()
def codec(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    corpus: Corpus = None,
    fit_only: Annotated[bool, typer.Option("--fit-only", help="Skip the vocoder.")] = False,
) -> None:
    """Fit the codec to a corpus, then train its vocoder."""
    from khala.training.objectives.codec.train import train_codec
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    train_codec(
        load_recipe(recipe, settings or ()).codec, corpus or folder / "corpus", folder / "codec", fit_only=fit_only
    )


@app.command()
def backbone(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Annotated[
        Path | None, typer.Option(help="Folder of token shards.  [default: tokens in the run's folder]")
    ] = None,
    start: Start = "",
    threads: Threads = 0,
) -> None:
    """Train the backbone, or resume its run in the same folder."""
    from khala.training.objectives.backbone import train_backbone
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, _settings("backbone", settings, threads))
    train_backbone(chosen, tokens or folder / "tokens", folder / "backbone", start)


@app.command()
def superres(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Annotated[
        Path | None, typer.Option(help="Folder of token shards.  [default: tokens in the run's folder]")
    ] = None,
    backbone: Annotated[
        Path | None,
        typer.Option(help="Folder of the trained backbone to start from.  [default: backbone in the run's folder]"),
    ] = None,
    start: Start = "",
    threads: Threads = 0,
) -> None:
    """Train super-resolution, starting from the backbone's weights."""
    from khala.training.objectives.superres import train_superres
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, _settings("superres", settings, threads))
    train_superres(chosen, tokens or folder / "tokens", backbone or folder / "backbone", folder / "superres", start)


@app.command()
def durations(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    tokens: Tokens = None,
) -> None:
    """Train the duration model, which plans how long each phone is sung."""
    from khala.training.objectives.durations import train_durations
    from khala.training.recipe_file import load_recipe

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
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    chosen = load_recipe(recipe, _settings("recogniser", settings, threads))
    typer.echo(train_recogniser(chosen.recogniser, corpus or folder / "corpus", folder / "recogniser"))


@app.command()
def assemble(
    recipe: RecipeFile,
    settings: Overrides = None,
    run: Run = None,
    out: Annotated[
        Path | None, typer.Option(help="Model folder to write.  [default: model in the run's folder]")
    ] = None,
) -> None:
    """Assemble the trained parts into a model folder, with a model card of the measurements."""
    from khala.training.assemble import assemble as assemble_model
    from khala.training.recipe_file import load_recipe

    folder = _folder(recipe, run)
    target = out or folder / "model"
    assemble_model(load_recipe(recipe, settings or ()), folder, target)
    typer.echo(f"{target}  (try it: khala generate --model {target})")


def _folder(recipe: Path, run: Path | None) -> Path:
    return run or Path("runs") / recipe.absolute().parent.name


def _settings(table: str, settings: list[str] | None, threads: int) -> list[str]:
    return [*(settings or ()), *([f"{table}.threads={threads}"] if threads else ())]
