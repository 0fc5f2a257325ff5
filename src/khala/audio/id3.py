"""ID3 tags of mp3 files: libsndfile would label its UTF-8 as Latin-1, so that players show "Ã¼" for "ü".

ID3v2.4 (https://id3.org/id3v2.4.0-structure): a header of ten bytes, then frames: name, size, two bytes of flags, and
the text after a byte for its encoding, 3 for UTF-8. Sizes have seven bits per byte.
"""

import os
from collections.abc import Mapping
from typing import BinaryIO

_FRAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "comment": "COMM",
    "date": "TDRC",
    "genre": "TCON",
    "software": "TSSE",
    "copyright": "TCOP",
    "license": "TXXX",
    "tracknumber": "TRCK",
}
_BEFORE = {"COMM": b"XXX\0", "TXXX": b"LICENSE\0"}  # language (unknown) and short description; the name of the text
_PADDING = 1024
"""Bytes in which players can change the tags without moving the audio."""


def id3(tags: Mapping[str, str]) -> bytes:
    """Return tags, by their names in libsndfile, as the header of an mp3 file."""
    frames = b"".join(_frame(_FRAMES[name], text) for name, text in tags.items() if text)
    return b"ID3\x04\0\0" + _size(len(frames) + _PADDING) + frames + bytes(_PADDING)


def prepend(file: BinaryIO, head: bytes) -> None:
    """Insert `head` at the beginning of a file that is open for reading and writing. Raises OSError."""
    file.seek(0)
    while head:
        behind = file.read(len(head))
        file.seek(-len(behind), os.SEEK_CUR)
        file.write(head)
        file.seek(0, os.SEEK_CUR)  # between writing and reading again
        head = behind


def _frame(name: str, text: str) -> bytes:
    body = b"\3" + _BEFORE.get(name, b"") + text.encode()
    return name.encode() + _size(len(body)) + b"\0\0" + body


def _size(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))
