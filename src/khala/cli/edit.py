"""`khala edit`: sing a part of a song anew."""

from typing import Annotated

import typer

from khala.cli.lyrics import one_text
from khala.cli.reworking import (
    AsJson,
    Device,
    Dtype,
    EngineName,
    Format,
    LoraNames,
    LyricsFile,
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
from khala.music.rework import CANDIDATES, Rework, parse_range

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def edit(
    song: SongFile,
    section: Annotated[
        str | None, typer.Option(metavar="NAME[:N]", help='Section: "chorus", or "chorus:2" for the second one.')
    ] = None,
    range: Annotated[str | None, typer.Option("--range", metavar="A-B", help="From A to B, as 0:40-0:55.")] = None,
    lyrics: Annotated[str | None, typer.Option(metavar="TEXT", help="All of the song's new lyrics.")] = None,
    lyrics_file: LyricsFile = None,
    candidates: Annotated[
        int, typer.Option(metavar="N", help="Number of candidates; that one is kept which fits best.")
    ] = CANDIDATES,
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
    """Sing a part of a song anew, and leave the rest as it is.

    Give all of the song's new lyrics: the lines that differ are found. Or name a section or a range, with new lyrics or
    without.
    """
    start, stop = (None, None) if range is None else parse_range(range)
    rework = Rework("edit", start, stop, section, candidates)
    changes = {"lyrics": one_text(lyrics, lyrics_file)}
    rework_song(
        song,
        rework,
        {**changes, "tags": tags, "takes": takes, "seed": seed, "title": title},
        {"model": model, "device": device, "dtype": dtype, "engine": engine, "loras": lora},
        output=output,
        format=format,
        no_tags=no_tags,
        timed=timed,
        as_json=as_json,
        quiet=quiet,
    )
