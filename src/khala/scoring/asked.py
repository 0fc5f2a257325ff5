"""What a song was meant to be, read from the JSON file beside it.

Two kinds are understood: the sidecar of a take that `khala generate` made (its `request`), and a corpus song's truth.
A song that somebody brought into the corpus answers nothing: nobody composed it after its words.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khala.audio.listing import beside
from khala.conditioning.request_terms import parse_bpm, parse_key, parse_styles, parse_tempo_range
from khala.conditioning.voices import parse_voice
from khala.corpus.composer.compose.harmony import QUALITIES
from khala.corpus.data.manifest import INGESTED
from khala.generation.record_file import own_record
from khala.music.errors import InvalidRequest
from khala.scoring.key import Chord, Key
from khala.scoring.sections import Part
from khala.scoring.tempo import agrees

ENDS = 0.15
"""A song lasts as long as asked if it is off by no more than this share."""


@dataclass(frozen=True)
class RequestTargets:
    """`bpm` is a tempo asked for by number, `limits` one asked for by word (None: any will do).

    `tonic` 0..11 (0 = C) and `mode` are the key; a mode may be asked for alone. Any of `styles` will do (empty: any at
    all). `voice` says whether somebody was to sing (None: not said), `lyrics` what. `parts` is the form, with the
    energy of every section, `sections` the form by which a model was led, without, and `chords` what is played; empty:
    not said. `seconds` is how long the song was to last,
    `ended` whether it came to its end by itself (None: not known).
    """

    bpm: float | None = None
    limits: tuple[float, float] | None = None
    tonic: int | None = None
    mode: str | None = None
    styles: frozenset[str] = frozenset()
    voice: bool | None = None
    lyrics: str = ""
    parts: tuple[Part, ...] = ()
    sections: tuple[Part, ...] = ()
    chords: tuple[Chord, ...] = ()
    seconds: float | None = None
    ended: bool | None = None

    def matches_tempo(self, bpm: float) -> bool | None:
        """Whether `bpm` is within 4 % of the number, or in the range, that was asked for; None if any will do."""
        if self.bpm is not None:
            return agrees(bpm, self.bpm)
        return self.limits[0] <= bpm < self.limits[1] if self.limits else None

    def matches_key(self, heard: Key | None) -> bool | None:
        """Whether the key, or the mode where that is all, is as asked; None if any will do."""
        if self.mode is None:
            return None
        return heard is not None and heard.mode == self.mode and self.tonic in (None, heard.tonic)

    def matches_length(self, seconds: float) -> bool | None:
        """Whether a song of so many seconds ended by itself and about when it was to; None if that was left open."""
        if not self.seconds or self.ended is None:
            return None
        return self.ended and abs(seconds / self.seconds - 1) <= ENDS


def targets_beside(audio: Path) -> RequestTargets | None:
    """What the JSON file beside `audio` asks for; None if there is none. Raises InvalidRequest if it is neither."""
    sidecar = own_record(audio) or beside(audio).get(".json")
    if sidecar is None:
        return None
    try:
        return request_targets(json.loads(sidecar.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise InvalidRequest(
            f"{sidecar} is neither a record of khala generate nor the truth of a corpus song"
        ) from error


def request_targets(fields: Mapping[str, Any]) -> RequestTargets:
    """What a sidecar's or a corpus song's fields ask for: by its truth if it has one, else by its words."""
    if truth := fields.get("truth"):
        if fields.get("generator") == INGESTED:
            return RequestTargets()
        return RequestTargets(
            bpm=float(truth["bpm"]),
            tonic=int(truth["key"]),
            mode=str(truth["mode"]),
            styles=frozenset({str(fields["style"])}),
            voice=bool(fields["vocal"]),
            lyrics=str(fields["lyrics"]) if fields["vocal"] else "",
            parts=tuple(
                Part(float(s["start"]), float(s["end"]), float(s["energy"]), s["name"]) for s in truth["sections"]
            ),
            chords=tuple(chord(c) for c in truth["chords"]),
        )
    request = fields["request"]
    words = [str(tag) for tag in request.get("tags", ())] or [str(request.get("prompt", ""))]
    bpm = parse_bpm(words)
    tonic, mode = parse_key(words)
    return RequestTargets(
        bpm=bpm,
        limits=parse_tempo_range(words) if bpm is None else None,
        tonic=tonic,
        mode=mode,
        styles=frozenset(parse_styles(words)),
        voice=parse_voice(request, words),
        lyrics=str(request.get("lyrics", "")),
        sections=tuple(
            Part(float(begin), float(end), 0.0, name)
            for name, begin, end in (fields.get("outline") or {}).get("sections", ())
        ),
        seconds=float(request["duration"]) if "duration" in request else None,
        ended=not fields["truncated"] if "truncated" in fields else None,
    )


def chord(fields: Mapping[str, Any]) -> Chord:
    """A chord of a corpus song's truth."""
    classes = sorted((fields["root"] + step) % 12 for step in QUALITIES[fields["quality"]])
    return Chord(float(fields["start"]), float(fields["end"]), tuple(classes))
