"""`khala extend`: make a longer song of a song."""

from typing import Annotated

import typer

from khala.cli.generate import parse_duration
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
from khala.music.rework import Rework, parse_time

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def extend(
    song: SongFile,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="M:SS|SECONDS", help="Where it goes on.  [default: where its outro begins]"),
    ] = None,
    lyrics: Annotated[str | None, typer.Option(metavar="TEXT", help="The lyrics that come then.")] = None,
    lyrics_file: LyricsFile = None,
    duration: Annotated[
        str | None,
        typer.Option(metavar="SECONDS|M:SS", help="Length in all.  [default: what the lyrics want, or 30 s more]"),
    ] = None,
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
    """Make a longer song of a song: it goes on from a point, with other lyrics.

    All that is not given is the song's own. Up to that point the new song is the old one.
    """
    rework = Rework("extend", None if start is None else parse_time(start))
    seconds = None if duration is None else parse_duration(duration)
    changes = {"lyrics": one_text(lyrics, lyrics_file), "duration": seconds}
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
