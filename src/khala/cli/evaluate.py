"""`khala evaluate`: what songs are worth, as a table or as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from khala.cli.errors import say

app = typer.Typer(rich_markup_mode=None, add_completion=False)

COLUMNS = {
    "seconds": 7,
    "bpm": 6,
    "asked": 9,
    "key": 8,
    "style": 10,
    "voice": 5,
    "phones": 6,
    "form": 5,
    "silence": 7,
    "clipped": 7,
    "LUFS": 5,
    "loop": 5,
    "passed": 6,
}


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Audio files, or folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print records and summary as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with all songs, their pictures and verdicts.")] = None,
    recogniser: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Read the words with this Whisper model, too.")
    ] = None,
) -> None:
    """Measure songs: tempo, key, style, voice, words, chorus, form, length, silence, clipping, loudness, repetition.

    What was asked for is read from the JSON file beside each song, which khala generate and khala corpus synth write.
    """
    from khala.evaluation.report import VERDICTS, distance_of, evaluate_file, songs_in, summarise

    songs = list(songs_in(files))
    reader = None
    if recogniser:
        from khala.evaluation.whisper import reader as read_with

        reader = read_with(recogniser)
    records = []
    if not as_json:
        typer.echo(" ".join(f"{name:>{width}}" for name, width in COLUMNS.items()) + "  file")
    for song in songs:
        record = evaluate_file(song, reader)
        records.append(record)
        if not as_json:
            typer.echo(row(record))
    summary = summarise(records)
    distance = distance_of(songs) if len(songs) > 1 else None
    if html:
        from khala.audio.files import replacing
        from khala.evaluation.page import page

        with replacing(html) as part:
            part.write_text(page(records, summary, html.parent, distance), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({"songs": records, "summary": summary, "distance": distance}))
        return
    for name, count in summary.items():
        typer.echo(f"{VERDICTS[name]}: {count['passed']} of {count['of']} ({count['passed'] / count['of']:.0%})")
    if distance is not None:
        typer.echo(f"Fréchet distance from the corpus: {distance:.1f}")
    if summary.keys() == {"sound"}:
        say("No JSON file beside the songs says what was asked for, so only their sound is judged.")
    if html:
        say(f"The page is {html}")


def row(record: Mapping[str, Any]) -> str:
    """One line of the table; "-" where nothing was measured or asked."""
    asked = record["tempo"]["asked"]
    verdicts = [verdict for verdict in record["verdicts"].values() if verdict is not None]
    cells = {
        "seconds": f"{record['seconds']:.1f}",
        "bpm": _number(record["tempo"]["bpm"], ".1f"),
        "asked": _limits(*asked) if isinstance(asked, list) else _number(asked, ".1f"),
        "key": record["key"]["heard"] or "-",
        "style": record["style"]["heard"] or "-",
        "voice": f"{record['voice']['share']:.0%}",
        "phones": _number(record["words"]["phoneme_error_rate"], ".0%"),
        "form": _number(record["form"]["correlation"], ".2f"),
        "silence": f"{record['silence']['longest']:.1f}",
        "clipped": str(record["clipping"]["clipped"] + record["clipping"]["not_finite"]),
        "LUFS": _number(record["loudness"]["integrated"], ".1f"),
        "loop": f"{record['repetition']['longest']:.1f}",
        "passed": f"{sum(verdicts)}/{len(verdicts)}",
    }
    return " ".join(f"{cells[name]:>{width}}" for name, width in COLUMNS.items()) + f"  {record['file']}"


def _limits(low: float, high: float) -> str:
    return f"<{high:.0f}" if low <= 0 else f">={low:.0f}" if high >= 400 else f"{low:.0f}-{high:.0f}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
