"""`khala align`: when each line and word of a song is sung, as a file for players."""

import json
from pathlib import Path
from typing import Annotated

import typer

from khala.cli.errors import print_line
from khala.cli.lyrics import read_lyrics_file
from khala.music.errors import InvalidRequest, OutputError
from khala.music.lyric_files import LYRIC_FORMATS, lyric_file

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def align(
    song: Annotated[Path, typer.Argument(metavar="SONG", help="Audio file.")],
    lyrics_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Lyrics; - reads stdin.  [default: those of the record beside SONG]"),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="|".join(LYRIC_FORMATS), help="Format.  [default: that of FILE, or lrc]")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Output file.  [default: stdout]")
    ] = None,
) -> None:
    """Find when each line and word of a song is sung. elrc is LRC with a time on every word.

    The record of a song knows the times already; other songs are listened to, which works for words in English.
    """
    format = require_lyric_format(format, output)
    if output is not None:
        require_lyric_file(output, song)
    lyrics = None if lyrics_file is None else read_lyrics_file(lyrics_file, "add some")
    from khala.evaluation.lyrics_times import align as find

    lines = find(song, lyrics)
    text = lyric_file(lines, format)
    if output is None:
        typer.echo(text, nl=False)
    else:
        from khala.audio.replacing import replacing

        with replacing(output) as part:
            part.write_text(text, encoding="utf-8")
    if silent := sum(line.start is None for line in lines):
        print_line(f"{silent} of {len(lines)} lines {'has' if silent == 1 else 'have'} no time: not sung, or not heard")


def require_lyric_format(format: str | None, output: Path | None) -> str:
    """Return the format of timed lyrics that is meant. Raises InvalidRequest."""
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    if output is not None and ending not in ("lrc", "elrc", "vtt", "srt", "json", "txt"):
        raise InvalidRequest(f"--output {str(output)!r} has no extension of lyrics: .lrc, .vtt, .srt or .json")
    chosen = format or (ending if ending in LYRIC_FORMATS else "lrc")
    if chosen not in LYRIC_FORMATS:
        raise InvalidRequest(f"--format {chosen[:40]!r} is unknown; choose {', '.join(LYRIC_FORMATS)}")
    return chosen


def require_lyric_file(path: Path, song: Path) -> None:
    """Raise OutputError if `path` is a folder, the place of the song's record, or JSON of something else than timed
    lyrics."""
    try:
        if path.absolute() == song.with_suffix(".json").absolute():
            raise OutputError(f"cannot write {path}: this is the name of the song's record; choose another --output")
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; choose another --output")
        if path.suffix.lower() == ".json" and path.exists() and not _is_list(path):
            raise OutputError(f"cannot write {path}: it holds something else; choose another --output")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise OutputError(f"cannot write {path}: {error}; choose another --output") from error


def _is_list(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), list)
    except ValueError:
        return False
