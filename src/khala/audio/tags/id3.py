"""ID3v2 tags, of mp3 and WAV files: written as version 2.4, read as 2.3 and 2.4.

https://id3.org/id3v2.4.0-structure: a header of ten bytes, then frames: name, size, two bytes of flags, content. A
text begins with a byte for its encoding, 3 for UTF-8. Sizes have seven bits a byte; those of frames in 2.3 have eight.
"""

from collections.abc import Iterator

from khala.audio.tags.tag_set import MAX_BYTES, MAX_FIELDS, Tags, damaged
from khala.audio.tags.xmp import xmp_packet

HEADER_BYTES = 10

_FRAMES = {
    "TITLE": b"TIT2",
    "ARTIST": b"TPE1",
    "ALBUM": b"TALB",
    "COMMENT": b"COMM",
    "DATE": b"TDRC",
    "GENRE": b"TCON",
    "BPM": b"TBPM",
    "INITIALKEY": b"TKEY",
    "ENCODER": b"TSSE",
    "COPYRIGHT": b"TCOP",
    "TRACKNUMBER": b"TRCK",
    "LYRICS": b"USLT",
}
"""Field -> frame; any other field is a TXXX frame under its own name."""
_FIELDS = {frame: name for name, frame in _FRAMES.items()}
_ENCODINGS = {0: ("latin-1", 1), 1: ("utf-16", 2), 2: ("utf-16-be", 2), 3: ("utf-8", 1)}
"""First byte of a text -> its encoding, and the bytes of the NUL that ends it."""
_UTF_8, _LANGUAGE, _MILLISECONDS, _WORDS, _FRONT_COVER = b"\3", b"XXX", b"\2", b"\1", b"\3"


def id3(tags: Tags, padding: int = 0) -> bytes:
    """Return tags with their header; `padding` is room in bytes for players to change them without moving the audio."""
    frames = b"".join(_frame(name, content) for name, content in _contents(tags))
    return b"ID3\x04\0\0" + _size(len(frames) + padding) + frames + bytes(padding)


def id3_bytes(head: bytes) -> int:
    """Return the size of the tags that begin with these ten bytes, header included; 0 if they are none."""
    if len(head) < HEADER_BYTES or not head.startswith(b"ID3"):
        return 0
    footer = HEADER_BYTES if head[3] == 4 and head[5] & 0x10 else 0
    return HEADER_BYTES + _number(head[6:10], 7) + footer


def parse_id3(data: bytes) -> dict[str, str]:
    """Return the texts of tags by the names of `Tags.fields`. Raises InvalidRequest for what is damaged or no ID3v2."""
    if not data.startswith((b"ID3\3", b"ID3\4")) or len(data) < HEADER_BYTES:
        raise damaged("no ID3v2.3 or 2.4")
    size = HEADER_BYTES + _number(data[6:10], 7)
    if size > min(len(data), MAX_BYTES):
        raise damaged("ID3 ends too early")
    fields: dict[str, str] = {}
    for name, content in _frames(data[HEADER_BYTES:size], data[3], data[5]):
        if name.startswith(b"T") or name in (b"COMM", b"USLT"):
            field, text = _text(name, content)
            fields.setdefault(field, text)
    return fields


def _contents(tags: Tags) -> Iterator[tuple[bytes, bytes]]:
    for field, text in tags.fields.items():
        name = _FRAMES.get(field, b"TXXX")
        before = {b"COMM": _LANGUAGE + b"\0", b"USLT": _LANGUAGE + b"\0", b"TXXX": field.encode() + b"\0"}
        yield name, _UTF_8 + before.get(name, b"") + text.encode()
    if tags.lines:
        timed = b"".join(
            words.encode() + b"\0" + round(1000 * seconds).to_bytes(4, "big") for seconds, words in tags.lines
        )
        yield b"SYLT", _UTF_8 + _LANGUAGE + _MILLISECONDS + _WORDS + b"\0" + timed
    if tags.cover:
        yield b"APIC", b"\0image/png\0" + _FRONT_COVER + b"\0" + tags.cover
    if packet := xmp_packet(tags.fields):
        yield b"PRIV", b"XMP\0" + packet


def _frame(name: bytes, content: bytes) -> bytes:
    return name + _size(len(content)) + b"\0\0" + content


def _frames(body: bytes, version: int, flags: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each frame; those that are compressed or encrypted are left out."""
    bits, at = 7 if version == 4 else 8, 0
    if version == 3 and flags & 0x80:
        body = body.replace(b"\xff\0", b"\xff")
    if flags & 0x40:  # an extended header; 2.4 counts its four bytes of size
        at = _number(body[:4], bits) + (0 if version == 4 else 4)
    for _ in range(MAX_FIELDS):
        head = body[at : at + HEADER_BYTES]
        if len(head) < HEADER_BYTES or head[0] == 0:  # padding
            return
        begin, size, flag = at + HEADER_BYTES, _number(head[4:8], bits), head[9]
        at = begin + size
        if at > len(body):
            raise damaged("an ID3 frame ends too late")
        content = body[begin:at]
        packed = flag & 0x0C if version == 4 else flag & 0xC0
        if flag & (0x40 if version == 4 else 0x20):  # a byte for a group
            content = content[1:]
        if version == 4 and flag & 1:  # the size again
            content = content[4:]
        if version == 4 and flag & 2:
            content = content.replace(b"\xff\0", b"\xff")
        if content and not packed:
            yield head[:4], content
    raise damaged("too many ID3 frames")


def _text(name: bytes, content: bytes) -> tuple[str, str]:
    """Return the field of a frame and its text, the first if there are several."""
    encoding, width = _ENCODINGS.get(content[0], _ENCODINGS[0])
    rest = content[4:] if name in (b"COMM", b"USLT") else content[1:]
    first, second = _split(rest, width)
    if name in (b"COMM", b"USLT", b"TXXX"):
        title = first.decode(encoding, "replace").lstrip("\ufeff").upper() if name == b"TXXX" else ""
        return title or _FIELDS.get(name, name.decode("latin-1")), _split(second, width)[0].decode(encoding, "replace")
    return _FIELDS.get(name, name.decode("latin-1")), first.decode(encoding, "replace")


def _split(data: bytes, width: int) -> tuple[bytes, bytes]:
    """Return what stands before the first NUL of `width` bytes, and what stands behind it."""
    at = data.find(bytes(width))
    while at >= 0 and at % width:
        at = data.find(bytes(width), at + 1)
    return (data, b"") if at < 0 else (data[:at], data[at + width :])


def _size(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def _number(data: bytes, bits: int) -> int:
    return sum((byte & (1 << bits) - 1) << bits * place for place, byte in enumerate(reversed(data)))
