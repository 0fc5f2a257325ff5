"""Read lyrics from plain-text files; other formats are recognised and refused by name."""

import re
from typing import BinaryIO

from khala.music.errors import InvalidRequest
from khala.music.request import MAX_LYRICS

_BEGINNINGS = {
    b"{\\rtf": "RTF",
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Word file",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"ID3": "audio",
}
_ZIPPED = {
    b"word/": "a Word file",
    b"mimetypeapplication/vnd.oasis.opendocument": "an OpenDocument file",
    b"mimetypeapplication/epub": "an EPUB",
}
_MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|head|body)\b", re.IGNORECASE)


def read_plain(file: BinaryIO, name: str, limit: int) -> str:
    """Return the text of a file; `name` is for messages.

    Raises InvalidRequest if it is longer than `limit` bytes or not plain text in UTF-8, and OSError.
    """
    data = file.read(limit + 1)
    if kind := _kind(data.removeprefix(b"\xef\xbb\xbf")):
        raise InvalidRequest(f"{name} is {kind}, not plain text; save the lyrics as plain text in UTF-8")
    if len(data) > limit:
        raise InvalidRequest(f"{name} is too large; at most {MAX_LYRICS} characters of lyrics are allowed")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name} is not UTF-8 text; save it as UTF-8") from None


def _kind(data: bytes) -> str | None:
    kind = next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), None)
    if kind == "a ZIP archive":
        return next((kind for mark, kind in _ZIPPED.items() if mark in data), kind)
    if kind is None and _MARKUP.match(data):
        return "HTML or XML"
    return kind or ("binary" if b"\0" in data else None)
