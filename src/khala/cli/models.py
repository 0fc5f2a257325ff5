"""`khala models`: list, describe, download, import and export models."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from khala import weights
from khala.cli.errors import print_line
from khala.cli.progress import progress
from khala.engine.opening import require_torch
from khala.music.errors import InvalidRequest
from khala.music.licences import publishing
from khala.music.request import Sampling

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback()
def models() -> None:
    """List, describe, download, import and export models."""


@app.command("list")
def list_() -> None:
    """List the embedded and the downloaded models."""
    found = weights.list_models()
    for info in found:
        typer.echo(str(info))
    if not found:
        print_line("There is no model on this machine; install khala-music, which includes one.")


@app.command("info")
def info(name: Annotated[str, typer.Argument(help="Name, folder or hub id.")]) -> None:
    """Verify a model's files and describe it."""
    model = weights.describe(name)
    config = model.config
    language = {"backbone": config.backbone, "super-resolution": config.superres}
    rows = {
        "name": model.name,
        "folder": str(model.folder),
        "digest": f"{model.digest} (all files verified)",
        "size": f"{model.size / 1e6:.1f} MB",
        "licence": config.license,
        "publishing": publishing(config.license),
        "longest song": f"{config.max_seconds:g} s",
        **{
            part: f"{shape.layers} layers of {shape.dim}, {shape.heads} heads, context {shape.context}"
            for part, shape in language.items()
        },
        "codec": f"{type(config.codec).__name__.removesuffix('Config').lower()}, {config.codec.levels} levels of "
        f"{config.codec.codebook} codes",
        "sampling": f"temperature {config.sampling.temperature:g}, top-k {config.sampling.top_k}; "
        f"super-resolution {_superres(config.sampling)}",
    }
    for key, value in rows.items():
        typer.echo(f"{key:<17}{value}")
    if config.origin is not None:
        for part, imported in (("backbone", config.origin.backbone), ("super-resolution", config.origin.superres)):
            typer.echo(f"{part:<17}fc1 bias {imported.fc1_bias}: {imported.why}")
    card = model.folder / "README.md"
    if card.is_file():
        typer.echo("\n" + card.read_text(encoding="utf-8", errors="replace").strip())


@app.command("import")
def import_(
    folder: Annotated[
        Path, typer.Argument(help="Folder of published weights: backbone/, superresolution/, dac_rvq_*.ckpt.")
    ],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Model folder to write.")],
    fc1_bias: Annotated[
        str,
        typer.Option(metavar="auto|single|doubled", help="How often the weights add it; auto decides by iteration."),
    ] = "auto",
    text_vocab: Annotated[
        int | None, typer.Option(help="Size of the text vocabulary.  [default: from the embeddings]")
    ] = None,
    codec: Annotated[Path | None, typer.Option(help="Codec file.  [default: the one in the folder]")] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Tokenizer file or folder.  [default: from the folder, or from llama-models]")
    ] = None,
    norm_epsilon: Annotated[float | None, typer.Option(help="Epsilon of the norms.  [default: the training's]")] = None,
    rope_scaling: Annotated[
        float | None,
        typer.Option(help="Scaling of rotary positions, 1 for none.  [default: the training's]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Convert published weights to a model folder, without executing anything in them. Run again to resume."""
    require_torch("importing published weights")
    from khala.weights.published.contents import ImportOptions
    from khala.weights.published.importing import import_published

    options = ImportOptions(fc1_bias, text_vocab, norm_epsilon, rope_scaling, codec, tokenizer)
    with progress(quiet) as report:
        lines = import_published(folder, to, options, report)
    for line in lines:
        typer.echo(line)
    typer.echo(f"{to}  (try it: khala generate --model {to})")


@app.command("download")
def download(
    hub_id: Annotated[str, typer.Argument(metavar="HUB_ID", help="Model on the hub: OWNER/NAME.")],
    revision: Annotated[
        str | None,
        typer.Option(help="Branch, tag or commit.  [default: the pinned commit, or the newest]"),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(help="File or folder of Llama 3's tokenizer.  [default: from the download]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Download a model from the hub, verify it, and import it if it holds published weights. Run again to resume."""
    from khala.weights.published.download import fetch, import_fetched, is_model, look_up

    listing = look_up(hub_id, revision)
    if not is_model(listing):
        require_torch("importing published weights")
    print_line(f"Licence of the weights: {listing.license} ({publishing(listing.license)}).")
    print_line(f"{hub_id} at commit {listing.commit[:12]}: {len(listing.files)} files, {listing.size / 1e9:.2f} GB.")
    bars = sys.stderr.isatty() and not quiet  # the hub's library draws its own
    with progress(quiet or bars) as report:
        folder = fetch(listing, tokenizer, None if bars else report)
    if folder is None:
        print_line("The model is already downloaded and complete.")
    else:
        with progress(quiet) as report:
            lines = import_fetched(listing, folder, tokenizer, report)
        for line in lines:
            typer.echo(line)
    typer.echo(f"{hub_id}  (try it: khala generate --model {hub_id})")


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="Name, folder or hub id.")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="New folder to write.")],
    format: Annotated[
        str, typer.Option(metavar="hf-llama", help="Export format; hf-llama is for transformers and vLLM.")
    ],
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Export a model's backbone as a standard Llama checkpoint. Its README.md explains how to serve it."""
    from khala.weights.export import export_llama

    if format != "hf-llama":
        raise InvalidRequest(f"--format {format!r} is unknown; the only format is hf-llama")
    with progress(quiet) as report:
        export_llama(name, to, report)
    typer.echo(f"{to}  (how to serve it: {to / 'README.md'})")


def _superres(sampling: Sampling) -> str:
    return "mean" if sampling.superres_sampling == "mean" else f"top-k {sampling.superres_top_k}"
