"""Lyrics from a file or from standard input."""

import sys
from contextlib import nullcontext
from pathlib import Path

from khala.music.errors import InvalidRequest
from khala.music.plaintext import read_plain
from khala.music.request import MAX_LYRICS


def read_lyrics(path: Path) -> str:
    """The text of a file, or of standard input for "-". Raises InvalidRequest if it cannot be read, holds
    nothing, is too large to be lyrics, or is no plain text."""
    from_stdin = str(path) == "-"
    name = "standard input" if from_stdin else str(path)
    try:
        with nullcontext(sys.stdin.buffer) if from_stdin else path.open("rb") as file:
            text = read_plain(file, name, 4 * MAX_LYRICS)  # the longest characters of UTF-8 have four bytes
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise InvalidRequest(f"cannot read lyrics from {name}: {reason}") from error
    if not text:
        raise InvalidRequest(f"{name} holds no lyrics; write some, or ask for an --instrumental")
    return text
