"""`khala vary`: make another song of the same form."""

from typing import Annotated

import typer

from khala.cli.reworking import (
    AsJson,
    Device,
    Dtype,
    EngineName,
    Format,
    LoraNames,
    Model,
    NoTags,
    Output,
    Quiet,
    Seed,
    SongFile,
    Tags,
    Takes,
    Timed,
    Title,
    rework_song,
)
from khala.music.rework import Rework, parse_time

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def vary(
    song: SongFile,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="M:SS|SECONDS", help="Where it differs.  [default: the beginning]"),
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Keep the two coarsest levels of the song, and refine them anew.")
    ] = False,
    tags: Tags = None,
    takes: Takes = 1,
    seed: Seed = None,
    title: Title = None,
    model: Model = None,
    lora: LoraNames = None,
    device: Device = None,
    dtype: Dtype = None,
    engine: EngineName = None,
    output: Output = None,
    format: Format = None,
    no_tags: NoTags = False,
    timed: Timed = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make another song of the same form and lyrics, from a point on, or refine a song anew."""
    rework = Rework("refine" if refine else "vary", None if start is None else parse_time(start))
    rework_song(
        song,
        rework,
        {"tags": tags, "takes": takes, "seed": seed, "title": title},
        {"model": model, "device": device, "dtype": dtype, "engine": engine, "loras": lora},
        output=output,
        format=format,
        no_tags=no_tags,
        timed=timed,
        as_json=as_json,
        quiet=quiet,
    )
