"""Lyrics from a file or from standard input."""

import sys
from contextlib import nullcontext
from pathlib import Path

from khala.music.errors import InvalidRequest
from khala.music.plaintext import read_plain
from khala.music.request import MAX_LYRICS


def read_lyrics_file(path: Path, advice: str = "add some, or use --instrumental") -> str:
    """Return the text of a file, or of standard input for "-".

    Raises InvalidRequest if it cannot be read, is empty, is too large for lyrics or is not plain text.
    """
    from_stdin = str(path) == "-"
    name = "standard input" if from_stdin else str(path)
    try:
        with nullcontext(sys.stdin.buffer) if from_stdin else path.open("rb") as file:
            text = read_plain(file, name, 4 * MAX_LYRICS)  # a character of UTF-8 has at most four bytes
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise InvalidRequest(f"cannot read lyrics from {name}: {reason}") from error
    if not text:
        raise InvalidRequest(f"{name} contains no lyrics; {advice}")
    return text


def one_text(lyrics: str | None, lyrics_file: Path | None) -> str | None:
    """Return the lyrics that were given in one way or the other. Raises InvalidRequest for both."""
    if lyrics is not None and lyrics_file is not None:
        raise InvalidRequest("both --lyrics and --lyrics-file were given; use only one of them")
    return read_lyrics_file(lyrics_file) if lyrics_file is not None else lyrics
