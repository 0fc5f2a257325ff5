"""Tags of FLAC files: the metadata blocks VORBIS_COMMENT and PICTURE (RFC 9639, section 8)."""

from collections.abc import Iterator
from typing import BinaryIO

from khala.audio.tags.splice import splice
from khala.audio.tags.tag_set import MAX_BYTES, MAX_FIELDS, Tags, damaged
from khala.audio.tags.vorbis import comments, parse_comments, picture

MARK = b"fLaC"
_PADDING, _COMMENT, _PICTURE, _LAST = 1, 4, 6, 0x80
_PADDING_BYTES = 1024
"""Room for players to change the tags without moving the audio."""


def write_flac(file: BinaryIO, tags: Tags) -> None:
    """Replace the tags of a file that is open for reading and writing. Raises InvalidRequest if its blocks are
    damaged."""
    blocks = list(_blocks(file))
    end = file.tell()
    vendor = next((parse_comments(content)[0] for kind, content in blocks if kind == _COMMENT), b"")
    kept = [block for block in blocks if block[0] not in (_PADDING, _COMMENT, _PICTURE)]
    if tags:
        kept.append((_COMMENT, comments(tags, vendor)))
        if tags.cover:
            kept.append((_PICTURE, picture(tags.cover)))
        kept.append((_PADDING, bytes(_PADDING_BYTES)))
    kinds = [kind for kind, _ in kept[:-1]] + [kept[-1][0] | _LAST]
    written = zip(kinds, (content for _, content in kept), strict=True)
    head = b"".join(bytes([kind]) + len(content).to_bytes(3, "big") + content for kind, content in written)
    splice(file, len(MARK), end, head)


def read_flac(file: BinaryIO) -> dict[str, str]:
    """Return the texts of a file's tags. Raises InvalidRequest if they are damaged."""
    return next((parse_comments(content)[1] for kind, content in _blocks(file) if kind == _COMMENT), {})


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of each metadata block; the file stands behind the last one then."""
    file.seek(len(MARK))
    left = MAX_BYTES
    for _ in range(MAX_FIELDS):
        head = file.read(4)
        size = int.from_bytes(head[1:], "big")
        left -= size
        content = file.read(size) if left >= 0 else b""
        if len(head) < 4 or len(content) < size:
            raise damaged("a FLAC block ends too late")
        yield head[0] & ~_LAST, content
        if head[0] & _LAST:
            return
    raise damaged("too many FLAC blocks")
