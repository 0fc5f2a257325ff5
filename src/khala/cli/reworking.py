"""What extend, edit and vary have in common: options, what is checked before an engine is imported, the song."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from khala.audio.files import read_audio
from khala.cli.errors import print_line
from khala.cli.generate import (
    DTYPE_CHOICES,
    ENGINE_CHOICES,
    open_pipeline,
    require_dtype,
    require_engine,
    require_known,
)
from khala.cli.like import Machine, machine_like, require_other
from khala.cli.output import destinations
from khala.cli.progress import progress
from khala.cli.saving import save_takes
from khala.cli.timed import parse_timed, require_timed_free
from khala.generation.recorded import is_recording, recorded_request, recorded_source
from khala.generation.source import read_source
from khala.music.errors import InvalidRequest
from khala.music.loras import Lora
from khala.music.lyric_files import LYRIC_FORMATS
from khala.music.rework import Rework
from khala.music.tags import parse_tags
from khala.scoring import hear
from khala.weights import describe
from khala.weights.adapters import open_adapters

SongFile = Annotated[Path, typer.Argument(metavar="SONG", help="A song of Khala's, its record, or any audio file.")]
Tags = Annotated[
    str | None,
    typer.Option(metavar='"A, B, C"', help="Tags in place of the song's; of other audio, how it sounds."),
]
LyricsFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Text file with these lyrics; - reads stdin.")]
Takes = Annotated[int, typer.Option(metavar="N", help="Number of takes.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Random seed.  [default: random]")]
Title = Annotated[str | None, typer.Option(metavar="TEXT", help="Title.  [default: the song's]")]
Model = Annotated[
    str | None, typer.Option(metavar="NAME|FOLDER|HUB_ID", help="Model, where it lies elsewhere than it did.")
]
Device = Annotated[str | None, typer.Option(metavar="auto|cpu|cuda|cuda:1|mps", help="Compute device.")]
Dtype = Annotated[str | None, typer.Option(metavar=DTYPE_CHOICES, help="Number format.")]
LoraNames = Annotated[
    list[str] | None,
    typer.Option("--lora", metavar="NAME[:0.8]", help="Adapters in place of those the song was made with."),
]
EngineName = Annotated[str | None, typer.Option("--engine", metavar=ENGINE_CHOICES, help="Library that computes.")]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE|FOLDER", help="Output file or folder.  [default: current folder]"),
]
Format = Annotated[
    str | None, typer.Option(metavar="wav|flac|mp3|opus", help="Audio format.  [default: that of FILE, or wav]")
]
NoTags = Annotated[bool, typer.Option("--no-tags", help="Write no tags into the files.")]
Timed = Annotated[
    str | None,
    typer.Option(metavar='"A, B"', help=f"Also write the lyrics with their times, as {', '.join(LYRIC_FORMATS)}."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the records of all takes as a JSON array.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def rework_song(
    song: Path,
    rework: Rework,
    changes: dict[str, Any],
    machine: dict[str, Any],
    *,
    output: str | None,
    format: str | None,
    no_tags: bool,
    timed: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make and save the takes of a rework of the song at a path, which may have been recorded elsewhere. Raises
    InvalidRequest and OutputError."""
    notes = list[str]()
    given = {key: value for key, value in machine.items() if value is not None}
    if "loras" in given:
        given["loras"] = tuple(map(Lora.parse, given["loras"]))
    changes = {key: value for key, value in changes.items() if value is not None}
    if "tags" in changes:
        changes |= {"tags": parse_tags(changes["tags"]), "prompt": ""}
    source = None if is_recording(song) else read_source(song)
    made_with = source.made if source else None
    on = machine_like(made_with, given, notes.append) if made_with else Machine(**given)
    require_known("device", on.device, r"auto|cpu|mps|cuda(:\d+)?", "auto, cpu, cuda, cuda:1 or mps")
    require_dtype(on.dtype)
    require_engine(on.engine)
    info = describe(on.model, verify=False)
    if source and made_with and info.digest != source.kept.digest:
        raise InvalidRequest(
            f"{song} was made by the model {made_with.model[:40]} {source.kept.digest[:12]}, and {on.model[:40]} is "
            f"{info.digest[:12]}; name the one that made it with --model"
        )
    open_adapters(on.loras, info.folder, info.digest)
    heard = None
    if source is None:
        heard = hear(*read_audio(song))
        request = recorded_request(song, info.config.max_seconds, changes.get("tags", ()), heard, "")
        request = replace(request, takes=changes.get("takes", 1), seed=changes.get("seed")).with_seed()
        changes["seed"] = request.seed
    else:
        request = source.request_for(rework, info.config, **changes)
    info.config.require_possible(request)
    paths = destinations(request, output, format)
    require_other(song, paths)
    timed_formats = parse_timed(timed)
    require_timed_free(paths, timed_formats)
    for note in [] if quiet else notes:
        print_line(f"note: {note}")
    with progress(quiet) as report:
        pipeline = open_pipeline(on, request.duration, report)
        if source is None:
            assert heard is not None
            tags = changes.pop("tags", ())
            changes.pop("prompt", None)
            source = recorded_source(pipeline.engine, song, heard, tags, start=rework.start)
            request = source.request_for(rework, info.config, **changes)
        plans = pipeline.plan_reworks(source, rework, request)
        for remark in [] if quiet else plans[0].preview.remarks:
            print_line(f"note: {remark.text}" if remark.line is None else f"note on line {remark.line}: {remark.text}")
        made = pipeline.make(plans, report)
    save_takes(made, paths, timed_formats, not no_tags, quiet)
    if as_json:
        typer.echo(json.dumps([{"file": str(path), **one.metadata} for one, path in zip(made, paths, strict=True)]))
