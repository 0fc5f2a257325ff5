"""The tags of a take: its record, as players and programs that look for synthetic audio read it."""

import json
from collections.abc import Mapping
from typing import Any

from khala.audio.tags.cover import cover_png
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.xmp import SOURCE_TYPE, TRAINED_ALGORITHMIC_MEDIA
from khala.conditioning.request_terms import parse_styles
from khala.music.suggested_tags import TAG_GROUPS

ARTIST = "Khala"
RECORD = "KHALA_RECORD"
"""The field that holds the record, as JSON."""
SONG = "KHALA_SONG"
"""The field that holds what other songs can be made of (`generation.kept`)."""

_GENRES = frozenset(TAG_GROUPS["genre_style"][1])
_TITLE_LENGTH = 100
"""Characters of other words that serve as a title."""


def tags_of(record: Mapping[str, Any], title: str | None = None, cover: str | None = None, song: str = "") -> Tags:
    """Return the tags of the take with a record of `generation.record`.

    `title` replaces that of the request; the picture is drawn from the text `cover`, or else from the request; `song`
    is what others can be made of (`generation.kept`). Tempo and key are those of the outline that the take follows, or
    else those that were heard: a model without an outline may not have played what was asked for.
    """
    request, model, outline = record["request"], record["model"], record.get("outline") or {}
    generator = f"Khala {record.get('versions', {}).get('khala', '')}".strip()
    music = outline or record.get("heard") or {}
    key, bpm = music.get("key"), music.get("bpm")
    kept = {name: value for name, value in record.items() if name != "seconds"}  # the same song is the same file
    fields = {
        "TITLE": title or title_of(request if title is None else {**request, "title": ""}),
        "ARTIST": ARTIST,
        "GENRE": _genre(request, outline),
        "BPM": str(round(bpm)) if bpm else "",
        "INITIALKEY": key.replace(" major", "").replace(" minor", "m") if key else "",
        "LYRICS": request["lyrics"],
        "COMMENT": f"Made by AI: {generator}, model {model['name']}, seed {record['seed']}",
        "ENCODER": generator,
        "GENERATOR": generator,
        "MODEL": model["name"],
        "MODEL_DIGEST": model["digest"],
        "MODEL_LICENSE": model.get("license") or "",
        "SEED": str(record["seed"]),
        SOURCE_TYPE: TRAINED_ALGORITHMIC_MEDIA,
        RECORD: json.dumps(kept, ensure_ascii=False, separators=(",", ":")),
        SONG: song,
    }
    timed = [line for line in record.get("lyrics") or () if line["start"] is not None]
    picture = cover_png(cover or cover_text(request))
    return Tags(fields, tuple((line["start"], line["text"]) for line in timed), picture)


def title_of(request: Mapping[str, Any]) -> str:
    """Return what a song is called, as in the studio: by its title, its first line, or its description."""
    if request["title"]:
        return str(request["title"])
    lines = (line.strip() for line in request["lyrics"].splitlines())
    words = (line for line in lines if line and not line.startswith("["))
    return (next(words, "") or str(request["prompt"]) or ", ".join(request["tags"]))[:_TITLE_LENGTH]


def cover_text(request: Mapping[str, Any]) -> str:
    """Return the text that the picture of a song is drawn from."""
    return " ".join((str(request["seed"]), request["prompt"], *request["tags"], request["lyrics"]))


def _genre(request: Mapping[str, Any], outline: Mapping[str, Any]) -> str:
    named = (tag for tag in request["tags"] if tag.lower() in _GENRES)
    played = outline.get("style") or next(iter(parse_styles(request["tags"] or (request["prompt"],))), "")
    return next(named, played)
