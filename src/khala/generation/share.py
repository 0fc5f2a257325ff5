"""A song as one page of HTML that needs nothing else: its sound, its words as they are sung, its cover."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any, Literal, get_args

from khala.audio.files import Encoding
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.xmp import SOURCE_TYPE
from khala.audio.transcode import transcode
from khala.generation.tagging import tags_of
from khala.music.errors import InvalidRequest
from khala.music.reading import read_lyrics
from khala.music.request import SongRequest
from khala.music.timing import TimedLine, untimed

MARK = '<meta name="generator" content="Khala'
"""By this, among its first bytes, one of these pages is recognised."""
ShareFormat = Literal["mp3", "opus"]
SHARE_FORMATS: tuple[ShareFormat, ...] = get_args(ShareFormat)
ENCODINGS = {
    "mp3": ("audio/mpeg", Encoding("MP3", "MPEG_LAYER_III", compression=0.4, bitrate_mode="VARIABLE")),
    "opus": ("audio/ogg", Encoding("OGG", "OPUS", rate=48000, compression=0.8)),
}
"""Media type and encoding: about 145 kbit/s, which plays everywhere, and 115 kbit/s."""
PUBLIC = ("TITLE", "ARTIST", "COMMENT", "GENERATOR", "MODEL", SOURCE_TYPE)
"""Tags of the sound in the page. The request is left out: who shares a song need not share how it was asked for."""

_TEMPLATE, _STYLE, _SCRIPT = (
    (Path(__file__).parent / f"share.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
)


def share_page(
    record: Mapping[str, Any], audio: bytes, format: str = "mp3", title: str | None = None, cover: str | None = None
) -> str:
    """Return the page of the take with a record of `generation.record` and the bytes of its audio file.

    The sound is encoded anew in `format`, one of SHARE_FORMATS. `title` and `cover` as in `tagging.tags_of`. Raises
    InvalidRequest for a record or audio that cannot be read.
    """
    media_type, encoding = ENCODINGS[format]
    try:
        request = SongRequest.from_dict(record["request"])
        tags = tags_of(record, title, cover)
        lines = [TimedLine.from_dict(line) for line in record.get("lyrics") or ()]
        minutes, rest = divmod(int(float(record["duration"])), 60)
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError):
        raise InvalidRequest("the record of the song is damaged; it does not say what is sung when") from None
    sound = transcode(audio, encoding, Tags({name: tags.fields.get(name, "") for name in PUBLIC}))
    texts = {
        "title": tags.fields.get("TITLE", "Khala"),
        "description": request.prompt or ", ".join(request.tags),
        "generator": tags.fields["GENERATOR"],
        "model": tags.fields["MODEL"],
        "length": f"{minutes}:{rest:02}",
        "seconds": f"{float(record['duration']):.1f}",
        "media_type": media_type,
        "policy": content_policy(),
    }
    return Template(_TEMPLATE).substitute(
        {name: escape(text) for name, text in texts.items()},
        kind="words" if request.lyrics else "",
        lyrics="".join(_parts(lines or untimed(read_lyrics(request.lyrics)))),
        cover=_base64(tags.cover),
        audio=_base64(sound),
        style=_STYLE,
        script=_SCRIPT,
    )


def content_policy() -> str:
    """Return the Content-Security-Policy of a page: its own script and style, and what is embedded in it."""
    return (
        f"default-src 'none'; script-src 'sha256-{_digest(_SCRIPT)}'; style-src 'sha256-{_digest(_STYLE)}'; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def _parts(lines: Sequence[TimedLine]) -> Iterator[str]:
    for name, part in groupby(lines, lambda line: line.section):
        if name:
            yield f"<h2>{escape(name)}</h2>"
        yield from map(_line, part)


def _line(line: TimedLine) -> str:
    if line.start is None or line.end is None:
        return f"<p>{escape(line.text)}</p>"
    words = " ".join(
        f"<span{'' if word.start is None else f' data-start={word.start:.2f}'}>{escape(word.text)}</span>"
        for word in line.words
    )
    times = f"data-start={line.start:.2f} data-end={line.end:.2f}"
    return f'<button type="button" class="line" {times}>{words or escape(line.text)}</button>'


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _digest(text: str) -> str:
    return _base64(hashlib.sha256(text.encode()).digest())
