"""Tags of WAV files: the chunks LIST INFO (few fields, which every program reads), "id3 " (all of them) and XMP.

A RIFF file is a sequence of chunks: name, size (four bytes, little-endian), content, a byte more if the size is odd.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

from khala.audio.tags.id3 import id3, parse_id3
from khala.audio.tags.splice import splice
from khala.audio.tags.tag_set import MAX_BYTES, MAX_FIELDS, Tags, damaged
from khala.audio.tags.xmp import xmp_packet

MARK = b"RIFF"
_ID3, _XMP = b"id3 ", b"_PMX"
_INFO = {
    "TITLE": b"INAM",
    "ARTIST": b"IART",
    "ALBUM": b"IPRD",
    "COMMENT": b"ICMT",
    "DATE": b"ICRD",
    "GENRE": b"IGNR",
    "ENCODER": b"ISFT",
    "COPYRIGHT": b"ICOP",
    "TRACKNUMBER": b"ITRK",
}
_FIELDS = {chunk: name for name, chunk in _INFO.items()}


def write_wav(file: BinaryIO, tags: Tags) -> None:
    """Replace the tags of a file that is open for reading and writing. They stand behind the audio: players of streams
    need its beginning. Raises InvalidRequest if its chunks are damaged."""
    for name, begin, size in reversed(list(_chunks(file))):
        if _is_tags(file, name, begin):
            splice(file, begin - 8, begin + size + size % 2, b"")
    end = file.seek(0, os.SEEK_END)
    file.write(bytes(end % 2) + b"".join(_contents(tags)))
    length = file.tell() - 8
    file.seek(4)
    file.write(length.to_bytes(4, "little"))


def read_wav(file: BinaryIO) -> dict[str, str]:
    """Return the texts of a file's tags, those in ID3 first. Raises InvalidRequest if they are damaged."""
    fields, info = dict[str, str](), dict[str, str]()
    for name, begin, size in _chunks(file):
        if not _is_tags(file, name, begin):
            continue
        if size > MAX_BYTES:
            raise damaged("a chunk is too large")
        file.seek(begin)
        content = file.read(size)
        if name.lower() == _ID3:
            fields = parse_id3(content) | fields
        elif name == b"LIST":
            info |= _parse_info(content)
    return info | fields


def _contents(tags: Tags) -> Iterator[bytes]:
    if not tags:
        return
    info = ((_INFO[name], text.encode() + b"\0") for name, text in tags.fields.items() if name in _INFO)
    yield _chunk(b"LIST", b"INFO" + b"".join(_chunk(name, text) for name, text in info))
    yield _chunk(_ID3, id3(tags))
    if packet := xmp_packet(tags.fields):
        yield _chunk(_XMP, packet)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place of the content and its size of each chunk."""
    end = file.seek(0, os.SEEK_END)
    at = 12
    for _ in range(MAX_FIELDS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        begin, size = at + 8, int.from_bytes(head[4:], "little")
        if head.startswith(b"data") and size >= end - begin:  # a stream's, or a recording cut short: no tags behind it
            return
        at = begin + size + size % 2
        if begin + size > end:
            raise damaged("a chunk ends too late")
        yield head[:4], begin, size
    raise damaged("too many chunks")


def _is_tags(file: BinaryIO, name: bytes, begin: int) -> bool:
    file.seek(begin)
    return name.lower() == _ID3 or name == _XMP or (name == b"LIST" and file.read(4) == b"INFO")


def _parse_info(content: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    at = 4
    for _ in range(MAX_FIELDS):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name in _FIELDS:
            text = content[at + 8 : at + 8 + size].partition(b"\0")[0]
            fields.setdefault(_FIELDS[name], text.decode(errors="replace"))
        at += 8 + size + size % 2
        if at >= len(content):
            break
    return fields
