"""Request targets: what a song was meant to be, read from the JSON file beside it.

Two kinds of file are understood: the record of a take that `khala generate` made, by its `request`, and the sidecar of
a corpus song, by its `truth`. A song that somebody ingested has no targets: it was not composed to its description.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khala.audio.listing import files_beside
from khala.conditioning.request_terms import parse_bpm, parse_key, parse_styles, parse_tempo_range
from khala.conditioning.voices import parse_voice
from khala.evaluation.chords import INTERVALS, ChordSpan
from khala.evaluation.sections import SectionSpan
from khala.generation.record_file import own_record
from khala.music.errors import InvalidRequest
from khala.scoring.key import NAMES, Key
from khala.scoring.tempo import agrees

LENGTH_TOLERANCE = 0.15
"""Share of the requested length by which a song may be longer or shorter."""


@dataclass(frozen=True)
class RequestTargets:
    """The targets of a song; None, or an empty value, where anything will do.

    `bpm` is a tempo requested by number, `bpm_range` one requested by word. `tonic` 0..11 (0 = C) and `mode` are the
    key; a mode may stand alone. Any of `styles` will do. `voice` says whether somebody should sing, `lyrics` the words.
    `parts` is the form with the energy of every section, `sections` the form of the outline that a model was given,
    without energies, `chords` the harmony. `seconds` is the requested length; `ended` says whether the song came to its
    end by itself (None: unknown).
    """

    bpm: float | None = None
    bpm_range: tuple[float, float] | None = None
    tonic: int | None = None
    mode: str | None = None
    styles: frozenset[str] = frozenset()
    voice: bool | None = None
    lyrics: str = ""
    parts: tuple[SectionSpan, ...] = ()
    sections: tuple[SectionSpan, ...] = ()
    chords: tuple[ChordSpan, ...] = ()
    seconds: float | None = None
    ended: bool | None = None

    @property
    def key_name(self) -> str | None:
        """The key, such as "F# minor", or the mode where no tonic was requested."""
        return f"{NAMES[self.tonic]} {self.mode}" if self.tonic is not None else self.mode

    def matches_tempo(self, bpm: float | None) -> bool | None:
        """Return whether `bpm` is within 4 % of the number, or inside the range; None if any tempo will do."""
        if self.bpm is not None:
            return bpm is not None and agrees(bpm, self.bpm)
        if self.bpm_range is None:
            return None
        return bpm is not None and self.bpm_range[0] <= bpm < self.bpm_range[1]

    def matches_key(self, key: Key | None) -> bool | None:
        """Return whether the key matches, or the mode where no tonic was requested; None if any key will do."""
        if self.mode is None:
            return None
        return key is not None and key.matches(self.tonic, self.mode)

    def matches_style(self, name: str | None) -> bool | None:
        """Return whether the style is one of those requested; None if any will do."""
        return name in self.styles if self.styles else None

    def matches_voice(self, sung: bool) -> bool | None:
        """Return whether somebody sings exactly where requested; None if either will do."""
        return None if self.voice is None else sung == self.voice

    def matches_length(self, seconds: float) -> bool | None:
        """Return whether a song of that length ended by itself and within `LENGTH_TOLERANCE`; None if any will do."""
        if not self.seconds or self.ended is None:
            return None
        return self.ended and abs(seconds / self.seconds - 1) <= LENGTH_TOLERANCE


def targets_beside(audio: Path) -> RequestTargets | None:
    """Read the targets of `audio` from the JSON file beside it; None if there is none. Raises InvalidRequest if it is
    neither a record nor a sidecar."""
    sidecar = own_record(audio) or files_beside(audio).get(".json")
    if sidecar is None:
        return None
    try:
        return request_targets(json.loads(sidecar.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise InvalidRequest(
            f"{sidecar} is neither a record of khala generate nor the truth of a corpus song"
        ) from error


def request_targets(fields: Mapping[str, Any]) -> RequestTargets:
    """Return the targets of a corpus song's sidecar, by its truth, or of a take's record, by its request."""
    truth = fields.get("truth")
    return _targets_of_truth(fields, truth) if truth else _targets_of_request(fields, fields["request"])


def _targets_of_truth(fields: Mapping[str, Any], truth: Mapping[str, Any]) -> RequestTargets:
    if "sha256" in truth:  # that of the file that was ingested
        return RequestTargets()
    return RequestTargets(
        bpm=float(truth["bpm"]),
        tonic=int(truth["key"]),
        mode=str(truth["mode"]),
        styles=frozenset({str(fields["style"])}),
        voice=bool(fields["vocal"]),
        lyrics=str(fields["lyrics"]) if fields["vocal"] else "",
        parts=tuple(
            SectionSpan(float(s["start"]), float(s["end"]), float(s["energy"]), s["name"]) for s in truth["sections"]
        ),
        chords=tuple(_chord(chord) for chord in truth["chords"]),
    )


def _targets_of_request(record: Mapping[str, Any], request: Mapping[str, Any]) -> RequestTargets:
    words = [str(tag) for tag in request.get("tags", ())] or [str(request.get("prompt", ""))]
    bpm = parse_bpm(words)
    tonic, mode = parse_key(words)
    return RequestTargets(
        bpm=bpm,
        bpm_range=parse_tempo_range(words) if bpm is None else None,
        tonic=tonic,
        mode=mode,
        styles=frozenset(parse_styles(words)),
        voice=parse_voice(request, words),
        lyrics=str(request.get("lyrics", "")),
        sections=tuple(
            SectionSpan(float(begin), float(end), 0.0, name)
            for name, begin, end in (record.get("outline") or {}).get("sections", ())
        ),
        seconds=float(request["duration"]) if "duration" in request else None,
        ended=not record["truncated"] if "truncated" in record else None,
    )


def _chord(fields: Mapping[str, Any]) -> ChordSpan:
    classes = sorted((fields["root"] + step) % 12 for step in INTERVALS[fields["quality"]])
    return ChordSpan(float(fields["start"]), float(fields["end"]), tuple(classes))
