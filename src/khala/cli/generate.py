"""`khala generate`: make a song from a description and lyrics. Input is validated before an engine is imported."""

import json
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from secrets import randbelow
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khala.cli.errors import print_line
from khala.cli.like import Machine, changed, machine_like, read_like, require_other
from khala.cli.lyrics import one_text
from khala.cli.outline import outline_text
from khala.cli.output import destinations, require_listenable
from khala.cli.progress import progress
from khala.cli.saving import save_takes
from khala.cli.timed import parse_timed, require_timed_free
from khala.conditioning.preview import preview
from khala.music.errors import InvalidRequest
from khala.music.example import EXAMPLE
from khala.music.loras import Lora
from khala.music.lyric_files import LYRIC_FORMATS
from khala.music.progress import Progress
from khala.music.request import Sampling, SongRequest
from khala.music.tags import parse_tags
from khala.weights import describe
from khala.weights.adapters import open_adapters, triggered

if TYPE_CHECKING:
    from khala.generation.pipeline import Pipeline

app = typer.Typer(rich_markup_mode=None, add_completion=False)

DTYPE_CHOICES = "auto|float32|bfloat16|float16|int8|int4"
"""Values of --dtype."""
ENGINE_CHOICES = "auto|onnx|torch|torch-compiled"
"""Values of --engine."""


@app.command()
def generate(
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="Description of the song in free text.")] = None,
    tags: Annotated[
        str | None,
        typer.Option(metavar='"A, B, C"', help='Description as tags, such as "rock, fast tempo, male vocals".'),
    ] = None,
    lyrics: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Lyrics, with [verse] and [chorus] on separate lines.")
    ] = None,
    lyrics_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Text file with the lyrics; - reads stdin.")
    ] = None,
    chords: Annotated[
        str | None,
        typer.Option(metavar='"C G Am F"', help="Chords, a bar each, of parts whose header in the lyrics names none."),
    ] = None,
    instrumental: Annotated[bool, typer.Option("--instrumental", help="Make a song without vocals.")] = False,
    duration: Annotated[
        str | None,
        typer.Option(metavar="SECONDS|M:SS", help="Approximate length.  [default: 60; example: 30]"),
    ] = None,
    takes: Annotated[int, typer.Option(metavar="N", help="Number of takes.")] = 1,
    best_of: Annotated[
        int | None, typer.Option(metavar="N", help="Number of candidates per take; the best one is kept.  [default: 1]")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Random seed; the same seed makes the same song.  [default: random]")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Title, for the file's name and tags.")] = None,
    like: Annotated[
        Path | None,
        typer.Option(metavar="SONG", help="Take all settings that are not given from a song of Khala's, or a record."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|FOLDER|HUB_ID", help="Model name, folder or hub id.  [default: mini]")
    ] = None,
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:0.8]", help="Adapter to add to the model, by name or folder. Can be repeated."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="auto|cpu|cuda|cuda:1|mps", help="Compute device.  [default: auto]")
    ] = None,
    dtype: Annotated[str | None, typer.Option(metavar=DTYPE_CHOICES, help="Number format.  [default: auto]")] = None,
    engine: Annotated[
        str | None, typer.Option(metavar=ENGINE_CHOICES, help="Library that computes.  [default: auto]")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(metavar="F", help="Sampling temperature, 0.1 to 5.  [default: the model's]")
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(metavar="N", help="Sample from the N most likely codes.  [default: the model's]")
    ] = None,
    superres_top_k: Annotated[
        int | None, typer.Option(metavar="N", help="The same for super-resolution; 0 means --superres-sampling mean.")
    ] = None,
    superres_sampling: Annotated[
        str | None,
        typer.Option(
            metavar="mean|top_k",
            help="Super-resolution takes the code nearest to the mean, or samples.  [default: the model's]",
        ),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(metavar="F", help="Prompt strength (classifier-free guidance), 1 to 10.  [default: the model's]"),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER|-",
            help="Output file or folder; - streams WAV to stdout while the song is made.  [default: current folder]",
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="wav|flac|mp3|opus", help="Audio format.  [default: that of FILE, or wav]")
    ] = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Write no tags into the files.")] = False,
    timed: Annotated[
        str | None,
        typer.Option(
            metavar='"A, B"', help=f"Also write the lyrics with their times, as {', '.join(LYRIC_FORMATS)} or several."
        ),
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play the song while it is made.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records of all takes as a JSON array.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print how the song would go, line by line, and make nothing.")
    ] = False,
) -> None:
    """Make a song from a description and lyrics. Without either, make a built-in example of about 30 seconds.

    Takes are written to ./<slug>-<seed>-<take>.wav, each with a .json record of everything needed to reproduce it. The
    record is in the file's tags, too.
    """
    lyrics = one_text(lyrics, lyrics_file)
    words = {"prompt": prompt, "tags": tags if tags is None else parse_tags(tags), "lyrics": lyrics}
    given: dict[str, Any] = {key: value for key, value in words.items() if value is not None}
    if duration is not None:
        given["duration"] = parse_duration(duration)
    chosen: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "guidance": guidance}
    chosen |= {"superres_sampling": superres_sampling, "superres_top_k": superres_top_k}
    chosen = {key: value for key, value in chosen.items() if value is not None}
    more = {"best_of": best_of, "seed": seed, "title": title, "chords": chords}
    given |= {"takes": takes, **{key: value for key, value in more.items() if value is not None}}
    options = {"model": model, "engine": engine, "device": device, "dtype": dtype}
    machine: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    machine |= {"loras": tuple(map(Lora.parse, lora))} if lora else {}
    notes: list[str] = []
    made_with = None if like is None else read_like(like)
    if made_with is not None:
        request = changed(made_with.request, given, instrumental)
    elif instrumental or any(value is not None for value in words.values()):
        request = SongRequest(**{"seed": randbelow(2**32), **given}, instrumental=instrumental)
    else:
        request = replace(EXAMPLE, **given)
    Sampling(**chosen)  # raises for what no model could do
    require_listenable(play, output, request.takes, format, as_json, timed)
    paths = [] if output == "-" else destinations(request, output, format)
    if like is not None:
        require_other(like, paths)
    on = Machine(**machine) if made_with is None else machine_like(made_with, machine, notes.append)
    require_known("device", on.device, r"auto|cpu|mps|cuda(:\d+)?", "auto, cpu, cuda, cuda:1 or mps")
    require_dtype(on.dtype)
    require_engine(on.engine)
    info = describe(on.model, verify=False)
    own = info.config.sampling if made_with is None or model is not None else made_with.request.sampling
    request = replace(request, sampling=own.with_changes(**chosen))
    adapters = open_adapters(on.loras, info.folder, info.digest)
    info.config.require_possible(request)
    if made_with is not None and info.digest != made_with.digest:
        notes.append(f"the song was made with another model, {made_with.model[:40]} {made_with.digest[:12]}.")
    timed_formats = parse_timed(timed)
    require_timed_free(paths, timed_formats)
    planned = preview(triggered(request, adapters), info.config)
    if not quiet:
        for note in notes:
            print_line(f"note: {note}")
        for remark in planned.remarks:
            print_line(f"note: {remark.text}" if remark.line is None else f"note on line {remark.line}: {remark.text}")
    if dry_run:
        for line in outline_text(planned, info.config.frame_rate):
            typer.echo(line)
        return

    with ExitStack() as stack:  # at its end the song is heard to its end
        with progress(quiet) as report:
            pipeline = open_pipeline(on, request.duration, report)
            if play or output == "-":
                from khala.cli.listening import listen

                made = [listen(pipeline.live(request, progress=report), play, output == "-", stack)]
            else:
                made = pipeline.generate(request, progress=report)
        if paths:
            save_takes(made, paths, timed_formats, not no_tags, quiet)
        if as_json:
            echo = [{"file": str(path), **take.metadata} for take, path in zip(made, paths, strict=True)]
            typer.echo(json.dumps(echo))


def open_pipeline(on: Machine, seconds: float, report: Progress) -> "Pipeline":
    """Load a model for a song of so many seconds, with all that listens to it. Raises what `pipeline.load` raises."""
    report("load", 0, 1)
    from khala.generation.pipeline import load
    from khala.scoring import align, hear, score

    pipeline = load(
        on.model,
        on.device,
        on.dtype,
        seconds=seconds,
        listener=score,
        engine=on.engine,
        aligner=align,
        hearer=hear,
        loras=on.loras,
    )
    report("load", 1, 1)
    return pipeline


def require_known(option: str, value: str, pattern: str, choices: str) -> None:
    """Raise InvalidRequest unless `value` matches `pattern`; whether the machine supports it is seen later."""
    if not re.fullmatch(pattern, value):
        raise InvalidRequest(f"--{option} {value[:40]!r} is unknown; choose {choices}")


def require_dtype(value: str) -> None:
    """Raise InvalidRequest unless `value` is one of `DTYPE_CHOICES`, or gives a format per part, as records do."""
    each = DTYPE_CHOICES.removeprefix("auto|")
    pattern = f"{DTYPE_CHOICES}|backbone=({each}),superres=({each})(,codec=(float32|bfloat16|float16))?"
    require_known("dtype", value, pattern, DTYPE_CHOICES.replace("|", ", ").replace(", int4", " or int4"))


def require_engine(value: str) -> None:
    """Raise InvalidRequest unless `value` is one of `ENGINE_CHOICES`; whether it runs the model is seen later."""
    require_known("engine", value, ENGINE_CHOICES, "auto, onnx, torch or torch-compiled")


def parse_duration(text: str) -> float:
    """Return "90", "90.5" or "1:30" in seconds; the request checks the range. Raises InvalidRequest."""
    if clock := re.fullmatch(r"(\d{1,3}):([0-5]\d)", text.strip()):
        return 60.0 * int(clock[1]) + int(clock[2])
    try:
        return float(text)
    except ValueError:
        raise InvalidRequest(
            f"--duration {text[:40]!r} is not a duration; give seconds or M:SS, such as 90 or 1:30"
        ) from None
