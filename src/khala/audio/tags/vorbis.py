"""Vorbis comments and pictures, the tags inside FLAC and Ogg files.

https://xiph.org/vorbis/doc/v-comment.html: the encoder's name, then "NAME=text" in UTF-8; every length is four bytes,
little-endian. A picture is FLAC's block of that kind (RFC 9639, section 8.8), its numbers big-endian.
"""

from base64 import b64encode

from khala.audio.tags.tag_set import MAX_FIELDS, Tags, damaged

_FRONT_COVER = 3
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Colour type of a PNG -> its channels."""


def comments(tags: Tags, vendor: bytes, picture_inside: bool = False) -> bytes:
    """Return tags as comments; timed lyrics are LRC in SYNCEDLYRICS. `picture_inside`: the cover is one of them."""
    fields = dict(tags.fields)
    if tags.lines:
        fields["SYNCEDLYRICS"] = "\n".join(f"[{_clock(seconds)}]{words}" for seconds, words in tags.lines)
    if tags.cover and picture_inside:
        fields["METADATA_BLOCK_PICTURE"] = b64encode(picture(tags.cover)).decode()
    entries = [f"{name}={text}".encode() for name, text in fields.items()]
    return _sized(vendor) + _little(len(entries)) + b"".join(map(_sized, entries))


def parse_comments(data: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the encoder's name and the comments, the first of each name. Raises InvalidRequest for damaged ones."""
    vendor, at = _take(data, 0)
    count = int.from_bytes(data[at : at + 4], "little")
    if len(data) < at + 4 or count > MAX_FIELDS:
        raise damaged("too many comments")
    at += 4
    fields: dict[str, str] = {}
    for _ in range(count):
        entry, at = _take(data, at)
        name, _, text = entry.decode(errors="replace").partition("=")
        fields.setdefault(name.upper(), text)
    return vendor, fields


def picture(png: bytes) -> bytes:
    """Return a PNG as the content of a picture block: the front cover."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    depth = png[24] * _CHANNELS.get(png[25], 3)
    kind = b"image/png"
    numbers = [_FRONT_COVER, len(kind), 0, width, height, depth, 0, len(png)]  # 0: no description; no palette
    first, second, *rest = (number.to_bytes(4, "big") for number in numbers)
    return first + second + kind + b"".join(rest) + png


def _take(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + int.from_bytes(data[at : at + 4], "little")
    if len(data) < max(at + 4, end):
        raise damaged("a comment ends too late")
    return data[at + 4 : end], end


def _sized(data: bytes) -> bytes:
    return _little(len(data)) + data


def _little(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _clock(seconds: float) -> str:
    minutes, hundredths = divmod(round(100 * seconds), 6000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
