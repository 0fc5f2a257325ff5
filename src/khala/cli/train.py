"""`khala train`: the recipe of a model, stage by stage, from a corpus to a model folder."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Train a codec, a backbone or a super-resolution model.")

RecipeFile = Annotated[Path, typer.Argument(help="The recipe, a TOML file; recipes/mini/recipe.toml is one.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="Override the recipe: table.key=value. May be repeated.")
]
Run = Annotated[
    Path | None, typer.Option(help="Folder that all stages share. Default: runs/ and the name of the recipe's folder.")
]
Start = Annotated[str, typer.Option(help="Model to go on from, a name or a folder, instead of beginning anew.")]
Threads = Annotated[int, typer.Option(min=0, help="Processor threads; 0 leaves it to the recipe.")]


@app.command()
def codec(
    recipe: RecipeFile,
    settings: Settings = None,
    run: Run = None,
    corpus: Annotated[Path | None, typer.Option(help="Folder of songs. Default: corpus in the run's folder.")] = None,
    fit_only: Annotated[bool, typer.Option("--fit-only", help="Stop before the vocoder.")] = False,
) -> None:
    """Fit the codec to the songs of a corpus, then train its vocoder."""
    from khala.training.codec import train
    from khala.training.recipe import load

    folder = _folder(recipe, run)
    train(load(recipe, settings or ()).codec, corpus or folder / "corpus", folder / "codec", fit_only=fit_only)


@app.command()
def backbone(
    recipe: RecipeFile,
    settings: Settings = None,
    run: Run = None,
    tokens: Annotated[Path | None, typer.Option(help="Folder of token shards. Default: tokens in the run's.")] = None,
    start: Start = "",
    threads: Threads = 0,
) -> None:
    """Train the backbone; goes on where an earlier run with the same folder was."""
    from khala.training.backbone import train
    from khala.training.recipe import load

    folder = _folder(recipe, run)
    chosen = load(recipe, _settings("backbone", settings, threads))
    train(chosen, tokens or folder / "tokens", folder / "backbone", start)


@app.command()
def superres(
    recipe: RecipeFile,
    settings: Settings = None,
    run: Run = None,
    tokens: Annotated[Path | None, typer.Option(help="Folder of token shards. Default: tokens in the run's.")] = None,
    backbone: Annotated[
        Path | None, typer.Option(help="Folder of the trained backbone to start from. Default: backbone in the run's.")
    ] = None,
    start: Start = "",
    threads: Threads = 0,
) -> None:
    """Train super-resolution, starting from the backbone's weights."""
    from khala.training.recipe import load
    from khala.training.superres import train

    folder = _folder(recipe, run)
    chosen = load(recipe, _settings("superres", settings, threads))
    train(chosen, tokens or folder / "tokens", backbone or folder / "backbone", folder / "superres", start)


@app.command()
def recogniser(
    recipe: RecipeFile,
    settings: Settings = None,
    run: Run = None,
    corpus: Annotated[Path | None, typer.Option(help="Folder of songs. Default: corpus in the run's folder.")] = None,
    threads: Threads = 0,
) -> None:
    """Train the recogniser of sung phones that khala evaluate listens with; goes on where an earlier run was."""
    from khala.training.recipe import load
    from khala.training.recogniser import train

    folder = _folder(recipe, run)
    chosen = load(recipe, _settings("recogniser", settings, threads))
    typer.echo(train(chosen.recogniser, corpus or folder / "corpus", folder / "recogniser"))


@app.command()
def assemble(
    recipe: RecipeFile,
    settings: Settings = None,
    run: Run = None,
    out: Annotated[Path | None, typer.Option(help="The model folder to write. Default: model in the run's.")] = None,
) -> None:
    """Put the trained parts together as a model folder, with a model card of what was measured."""
    from khala.training.assemble import assemble as put_together
    from khala.training.recipe import load

    folder = _folder(recipe, run)
    target = out or folder / "model"
    put_together(load(recipe, settings or ()), folder, target)
    typer.echo(f"{target}  (try it: khala generate --model {target})")


def _folder(recipe: Path, run: Path | None) -> Path:
    return run or Path("runs") / recipe.absolute().parent.name


def _settings(table: str, settings: list[str] | None, threads: int) -> list[str]:
    return [*(settings or ()), *([f"{table}.threads={threads}"] if threads else ())]
