"""`khala evaluate`: measure songs, as a table or JSON."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from khala.cli.errors import print_error, print_line
from khala.cli.output import require_page
from khala.music.errors import InvalidRequest

app = typer.Typer(rich_markup_mode=None, add_completion=False)

COLUMN_WIDTHS = {
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
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Audio files or folders.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print measurements and summary as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a report page with plots and verdicts.")] = None,
    independent: Annotated[
        bool, typer.Option("--independent", help="Also measure with librosa and jiwer, and show where they disagree.")
    ] = False,
    recogniser: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Whisper model that also transcribes the words.")
    ] = None,
) -> None:
    """Measure songs: tempo, key, style, voice, words, chorus, form, length, silence, clipping, loudness, repetition.

    The request is read from the JSON file next to each song, as written by khala generate and khala corpus synth.
    Files that cannot be measured are reported and skipped, and the exit status is then 2.
    """
    from khala.evaluation.report import VERDICTS, distance_of, evaluate_file, summarise

    if html:
        from khala.evaluation.page import TITLE

        require_page(html, TITLE, "evaluate", "--html")
    reader = None
    if recogniser:
        from khala.evaluation.whisper import reader as read_with

        reader = read_with(recogniser)
    second, packages = None, ""
    if independent:
        from khala.evaluation.independent import compare, require_packages, second_opinion

        second, packages = second_opinion, require_packages()
    records: list[dict[str, Any]] = []
    remarks: list[str] = []
    refused: list[str] = []

    def refuse(message: str) -> None:
        refused.append(message)
        print_error(message)

    for song in _songs(files, refuse):
        try:
            record = evaluate_file(song, reader, remarks.append, second)
        except InvalidRequest as error:
            refuse(str(error))
            continue
        if not (as_json or records):
            typer.echo(" ".join(f"{name:>{width}}" for name, width in COLUMN_WIDTHS.items()) + "  file")
        records.append(record)
        if not as_json:
            typer.echo(row(record))
    for remark in remarks:
        print_line(remark)
    summary = summarise(records)
    distance = distance_of(Path(record["file"]) for record in records) if len(records) > 1 else None
    if html and records:
        from khala.audio.replacing import replacing
        from khala.evaluation.page import page

        with replacing(html) as part:
            part.write_text(page(records, summary, html.parent, distance, packages), encoding="utf-8")
    if as_json:
        report: dict[str, Any] = {"songs": records, "summary": summary, "distance": distance}
        if independent:
            report["independent"] = {"by": packages, "measures": compare(records)}
        typer.echo(json.dumps(report))
    else:
        for name, count in summary.items():
            typer.echo(f"{VERDICTS[name]}: {count['passed']} of {count['of']} ({count['passed'] / count['of']:.0%})")
        if distance is not None:
            typer.echo(f"Fréchet distance from the corpus: {distance:.1f}")
        if independent:
            for line in second_lines(records, packages):
                typer.echo(line)
        if summary.keys() == {"sound"} and not remarks:
            print_line("No song has a JSON file with its request, so only the sound is judged.")
        if html and records:
            print_line(f"Report: {html}")
    raise typer.Exit(InvalidRequest.exit_status if refused else 0)


def second_lines(records: Sequence[Mapping[str, Any]], packages: str) -> Iterator[str]:
    """Yield what the packages found on all songs, and a line for every song on which they disagree with the report."""
    from khala.evaluation.independent import compare, disagreements, told

    yield f"Second opinion, by {packages}:"
    for name, count in compare(records).items():
        yield f"  {name}: {told(count)}"
    for record in records:
        for name, (ours, theirs) in disagreements(record).items():
            yield f"  {Path(record['file']).name}: {name}: {ours}, by the second opinion {theirs}"


def _songs(files: list[Path], refuse: Callable[[str], None]) -> Iterator[Path]:
    """Yield the files to measure, including those in folders; a folder without audio is reported to `refuse`."""
    from khala.audio.listing import songs_in
    from khala.audio.reading import READABLE

    for path in files:
        found = list(songs_in(path)) if path.is_dir() else [path]
        yield from found
        if not found:
            refuse(f"there is no audio in {path}; give a folder with files of type {', '.join(READABLE)}")


def row(record: Mapping[str, Any]) -> str:
    """Format one line of the table, with "-" for values that were not measured or requested."""
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
    return " ".join(f"{cells[name]:>{width}}" for name, width in COLUMN_WIDTHS.items()) + f"  {record['file']}"


def _limits(low: float, high: float) -> str:
    return f"<{high:.0f}" if low <= 0 else f">={low:.0f}" if high >= 400 else f"{low:.0f}-{high:.0f}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
