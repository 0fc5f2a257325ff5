"""`khala models`: what models are at hand."""

from typing import Annotated

import typer

from khala import weights
from khala.cli.errors import say

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback()
def models() -> None:
    """List the models at hand, or describe one."""


@app.command("list")
def list_() -> None:
    """The embedded models, and those in the local cache of the model hub."""
    found = weights.list_models()
    for info in found:
        typer.echo(str(info))
    if not found:
        say("There is no model at hand: install khala-music, which brings one.")


@app.command("info")
def info(name: Annotated[str, typer.Argument(help="Name, folder or hub id.")]) -> None:
    """Check a model's files and say what it is."""
    model = weights.describe(name)
    config = model.config
    language = {"backbone": config.backbone, "super-resolution": config.superres}
    rows = {
        "name": model.name,
        "folder": str(model.folder),
        "digest": f"{model.digest} (all files checked)",
        "size": f"{model.size / 1e6:.1f} MB",
        "licence": config.license,
        "longest song": f"{config.max_seconds:g} s",
        **{
            part: f"{shape.layers} layers of {shape.dim}, {shape.heads} heads, context {shape.context}"
            for part, shape in language.items()
        },
        "codec": f"{type(config.codec).__name__.removesuffix('Config').lower()}, {config.codec.levels} levels of "
        f"{config.codec.codebook} codes",
        "sampling": f"temperature {config.sampling.temperature:g}, top-k {config.sampling.top_k}; "
        f"super-resolution top-k {config.sampling.superres_top_k}",
    }
    for key, value in rows.items():
        typer.echo(f"{key:<17}{value}")
    card = model.folder / "README.md"
    if card.is_file():
        typer.echo("\n" + card.read_text(encoding="utf-8", errors="replace").strip())
