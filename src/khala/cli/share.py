"""`khala share`: a song as one page of HTML, to be sent to anyone."""

from pathlib import Path
from typing import Annotated

import typer

from khala.cli.errors import print_line
from khala.cli.output import require_page
from khala.music.errors import InvalidRequest

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def share(
    song: Annotated[Path, typer.Argument(metavar="SONG", help="Audio file that Khala wrote.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Page.  [default: SONG with .html]")
    ] = None,
    audio: Annotated[str, typer.Option(metavar="mp3|opus", help="Sound: mp3 plays anywhere, opus is smaller.")] = "mp3",
) -> None:
    """Write a song as one page of HTML that needs nothing else: its sound, its words as they are sung, its cover."""
    from khala.audio.replacing import replacing
    from khala.generation.remake import read_record
    from khala.generation.share import MARK, SHARE_FORMATS, share_page

    if audio not in SHARE_FORMATS:
        raise InvalidRequest(f"--audio {audio[:40]!r} is unknown; choose {' or '.join(SHARE_FORMATS)}")
    page = output or song.with_suffix(".html")
    if page.suffix.lower() not in (".html", ".htm"):
        raise InvalidRequest(f"--output {str(page)!r} is no page; end it with .html")
    require_page(page, MARK, "share", "--output")
    record = read_record(song)
    try:
        content = song.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"cannot read {song}: {error.strerror or error}") from error
    text = share_page(record, content, audio)
    with replacing(page) as part:
        part.write_text(text, encoding="utf-8")
    print_line(f"{page}  {len(text) / 1e6:.1f} MB")
