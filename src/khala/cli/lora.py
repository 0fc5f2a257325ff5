"""`khala lora`: list adapters, merge them into a model, and take them out again."""

from pathlib import Path
from typing import Annotated

import typer

from khala.music.loras import Lora
from khala.weights import resolve
from khala.weights.adapters import list_adapters, loras_home
from khala.weights.opening import open_model

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="List adapters, merge them into a model, and take them out again. khala finetune trains them.",
)

Out = Annotated[Path, typer.Option(metavar="FOLDER", help="New model folder to write.")]


@app.command("list")
def list_() -> None:
    """List the installed adapters: name, model, trigger, songs, rank, digest."""
    found = list_adapters()
    for adapter in found:
        songs = f"{adapter.songs} songs" if adapter.songs else "songs unknown"
        trigger = f"trigger {adapter.trigger!r}" if adapter.trigger else "no trigger"
        base = f"for {adapter.base or 'a model that it does not name'} {adapter.base_digest[:12]}".rstrip()
        typer.echo(f"{adapter.name}: {base}, {trigger}, {songs}, rank {adapter.rank}, {adapter.digest[:12]}")
    if not found:
        typer.echo(f"no adapters in {loras_home()}; train one: khala finetune FOLDER --out NAME")


@app.command()
def merge(
    loras: Annotated[list[str], typer.Argument(metavar="NAME[:WEIGHT]...", help="Adapters, by name or folder.")],
    out: Out,
    model: Annotated[str, typer.Option(metavar="NAME|FOLDER|HUB_ID", help="Model to merge them into.")] = "mini",
) -> None:
    """Write a model with adapters in it as a model folder. Songs are those that --lora makes."""
    from khala.weights.merging import merge as merge_into

    digest = merge_into(open_model(model, loras=[Lora.parse(text) for text in loras]), out)
    typer.echo(f"{out}  {digest[:12]}  (try it: khala generate --model {out})")


@app.command()
def unmerge(
    model: Annotated[str, typer.Argument(metavar="FOLDER", help="Model that khala lora merge wrote.")], out: Out
) -> None:
    """Write the model that a merged one was made of, bit by bit."""
    from khala.weights.merging import unmerge as take_out

    digest = take_out(resolve(model), out)
    typer.echo(f"{out}  {digest[:12]}, the digest of the model before")
