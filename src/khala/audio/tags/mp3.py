"""Tags of mp3 files: ID3v2 in front of the audio (`id3`)."""

from typing import BinaryIO

from khala.audio.tags.id3 import HEADER_BYTES, id3, id3_bytes, parse_id3
from khala.audio.tags.splice import splice
from khala.audio.tags.tag_set import MAX_BYTES, Tags, damaged

_PADDING_BYTES = 1024


def write_mp3(file: BinaryIO, tags: Tags) -> None:
    """Replace the tags of a file that is open for reading and writing."""
    file.seek(0)
    splice(file, 0, id3_bytes(file.read(HEADER_BYTES)), id3(tags, _PADDING_BYTES) if tags else b"")


def read_mp3(file: BinaryIO) -> dict[str, str]:
    """Return the texts of a file's tags. Raises InvalidRequest if they are damaged."""
    file.seek(0)
    size = id3_bytes(file.read(HEADER_BYTES))
    if size > MAX_BYTES:
        raise damaged("ID3 is too large")
    file.seek(0)
    return parse_id3(file.read(size)) if size else {}
