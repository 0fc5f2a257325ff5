"""Tags of Opus files: the second packet of an Ogg stream (RFC 7845, section 5.2; pages: RFC 3533, section 6)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from khala.audio.tags.splice import splice
from khala.audio.tags.tag_set import MAX_BYTES, Tags, damaged
from khala.audio.tags.vorbis import comments, parse_comments

MARK = b"OggS"
_TAGS = b"OpusTags"
_HEADER_BYTES, _MAX_SEGMENTS = 27, 255
_CONTINUED = 1
_NO_PACKET_ENDS = (1 << 64) - 1
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """A page of a stream: `number` in it, `position` its time stamp, `lacing` the lengths of its segments."""

    flags: int
    position: int
    serial: int
    number: int
    lacing: bytes
    content: bytes

    def to_bytes(self) -> bytes:
        """Return the page with its checksum."""
        numbers = self.position.to_bytes(8, "little") + self.serial.to_bytes(4, "little")
        head = MARK + bytes([0, self.flags]) + numbers + self.number.to_bytes(4, "little")
        tail = bytes([len(self.lacing)]) + self.lacing + self.content
        return head + _checksum(head + bytes(4) + tail) + tail


def write_ogg(file: BinaryIO, tags: Tags) -> None:
    """Replace the tags of an Opus file that is open for reading and writing. Raises InvalidRequest for any other."""
    serial, begin, packet = _tags_packet(file)
    end, old = file.tell(), 0
    file.seek(begin)
    while file.tell() < end:
        old += _page(file) is not None
    vendor, _ = parse_comments(packet)
    pages = list(_pages(_TAGS + comments(tags, vendor, picture_inside=True), serial))
    rest = file.read()
    if len(pages) != old:  # the pages behind are numbered on from these
        rest = _renumbered(file, end, serial, len(pages) - old)
    splice(file, begin, end + len(rest), b"".join(page.to_bytes() for page in pages) + rest)


def read_ogg(file: BinaryIO) -> dict[str, str]:
    """Return the texts of an Opus file's tags. Raises InvalidRequest if they are damaged, or the file is no Opus."""
    return parse_comments(_tags_packet(file)[2])[1]


def _tags_packet(file: BinaryIO) -> tuple[int, int, bytes]:
    """Return the stream's serial number, the place of its second page, and the packet that begins there, without its
    name; the file stands behind its last page then."""
    file.seek(0)
    first = _page(file)
    begin = file.tell()
    if first is None or not first.content.startswith(b"OpusHead"):
        raise damaged("no Opus")
    packet = b""
    while len(packet) < MAX_BYTES:
        page = _page(file)
        if page is None or page.serial != first.serial:
            raise damaged("no end of the tags")
        packet += page.content
        if any(length < 255 for length in page.lacing):
            if not packet.startswith(_TAGS):
                raise damaged("no OpusTags")
            return first.serial, begin, packet[len(_TAGS) :]
    raise damaged("the tags are too large")


def _page(file: BinaryIO) -> Page | None:
    """Return the next page, None at the end of the file. Raises InvalidRequest for anything else."""
    head = file.read(_HEADER_BYTES)
    if not head:
        return None
    if len(head) < _HEADER_BYTES or not head.startswith(MARK):
        raise damaged("an Ogg page is missing")
    lacing = file.read(head[26])
    content = file.read(sum(lacing))
    if len(lacing) < head[26] or len(content) < sum(lacing):
        raise damaged("an Ogg page ends too early")
    position, serial, number = (int.from_bytes(head[a:b], "little") for a, b in ((6, 14), (14, 18), (18, 22)))
    return Page(head[5], position, serial, number, lacing, content)


def _pages(packet: bytes, serial: int) -> Iterator[Page]:
    """Yield the pages of a packet that begins on page 1."""
    lacing = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    for number, at in enumerate(range(0, len(lacing), _MAX_SEGMENTS), 1):
        part = lacing[at : at + _MAX_SEGMENTS]
        position = 0 if at + _MAX_SEGMENTS >= len(lacing) else _NO_PACKET_ENDS
        content = packet[255 * at : 255 * at + sum(part)]
        yield Page(_CONTINUED if at else 0, position, serial, number, part, content)


def _renumbered(file: BinaryIO, begin: int, serial: int, by: int) -> bytes:
    """Return the pages from `begin` to the end of the file, those of a stream with other numbers."""
    file.seek(begin)
    pages = []
    while page := _page(file):
        pages.append(replace(page, number=page.number + by) if page.serial == serial else page)
    return b"".join(page.to_bytes() for page in pages)


def _checksum(data: bytes) -> bytes:
    """Return Ogg's CRC-32: zlib's with the order of bits reversed, begun with 0 and not inverted at the end."""
    crc = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return crc.to_bytes(4, "little").translate(_REVERSED)[::-1]
