"""Tags of an mp3 file: libsndfile would call its UTF-8 Latin-1, so that players show "Ã¼" for "ü".

ID3v2.4 (https://id3.org/id3v2.4.0-structure): a header of ten bytes, then frames: name, size, two bytes of flags, and
the text behind a byte that tells its encoding, 3 for UTF-8. Sizes have seven bits a byte.
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
"""Bytes in which players can change the tags without moving the music."""


def id3(tags: Mapping[str, str]) -> bytes:
    """The tags, by their names in libsndfile, as what stands before the music in an mp3 file."""
    frames = b"".join(_frame(_FRAMES[name], text) for name, text in tags.items() if text)
    return b"ID3\x04\0\0" + _size(len(frames) + _PADDING) + frames + bytes(_PADDING)


def prepend(file: BinaryIO, head: bytes) -> None:
    """Put `head` before what a file holds that is open for reading and writing, in place. Raises OSError."""
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
