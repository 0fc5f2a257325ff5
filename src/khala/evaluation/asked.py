"""What a song was meant to be, read from the JSON file beside it.

Two kinds are understood: the sidecar of a take that `khala generate` made (its `request`), and a corpus song's truth.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khala.corpus.compose import STYLES, TEMPO_WORDS
from khala.corpus.compose.harmony import KEY_NAMES, QUALITIES
from khala.evaluation.key import Chord, Key
from khala.evaluation.sections import Part
from khala.evaluation.tempo import agrees
from khala.music.errors import InvalidRequest

BPM = re.compile(r"\b(\d{2,3})\s*bpm\b", re.IGNORECASE)
KEY = re.compile(r"\b([a-g])([#♯b♭]|[ -]?(?:sharp|flat))?[ -](major|minor)\b(?! key| mode| scale)", re.IGNORECASE)
MODE = re.compile(r"\b(major|minor)\b", re.IGNORECASE)
WORDS = {
    **{word.removesuffix(" tempo"): limits for word, limits in TEMPO_WORDS.items()},
    "moderate": TEMPO_WORDS["mid tempo"],
}
"""A tempo word, followed by "tempo" or alone as a tag -> its range in BPM."""
PACES = {
    **dict.fromkeys(("downtempo", "slow paced"), TEMPO_WORDS["slow"]),
    **dict.fromkeys(("moderately paced", "medium paced"), TEMPO_WORDS["mid tempo"]),
    **dict.fromkeys(("up tempo", "uptempo", "fast paced"), TEMPO_WORDS["fast tempo"]),
}
"""Words that say a tempo wherever they stand."""
STYLE_WORDS = {
    word.replace("-", " "): frozenset(name for name, style in STYLES.items() if word in (name, *style.tags))
    for word in sorted({word for name, style in STYLES.items() for word in (name, *style.tags)}, key=len, reverse=True)
}
"""What a style is called -> the styles that are called so; the longest names first."""
ENDS = 0.15
"""A song lasts as long as asked if it is off by no more than this share."""


@dataclass(frozen=True)
class Asked:
    """`bpm` is a tempo asked for by number, `limits` one asked for by word (None: any will do).

    `tonic` 0..11 (0 = C) and `mode` are the key; a mode may be asked for alone. Any of `styles` will do (empty: any at
    all). `voice` says whether somebody was to sing (None: not said), `lyrics` what. `parts` is the form, with the
    energy of every section, and `chords` what is played; empty: not said. `seconds` is how long the song was to last,
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
    chords: tuple[Chord, ...] = ()
    seconds: float | None = None
    ended: bool | None = None

    def tempo_met(self, bpm: float) -> bool | None:
        """Whether `bpm` is within 4 % of the number, or in the range, that was asked for; None if any will do."""
        if self.bpm is not None:
            return agrees(bpm, self.bpm)
        return self.limits[0] <= bpm < self.limits[1] if self.limits else None

    def key_met(self, heard: Key | None) -> bool | None:
        """Whether the key, or the mode where that is all, is as asked; None if any will do."""
        if self.mode is None:
            return None
        return heard is not None and heard.mode == self.mode and self.tonic in (None, heard.tonic)

    def length_met(self, seconds: float) -> bool | None:
        """Whether a song of so many seconds ended by itself and about when it was to; None if that was left open."""
        if self.seconds is None or self.ended is None:
            return None
        return self.ended and abs(seconds / self.seconds - 1) <= ENDS


def asked_beside(audio: Path) -> Asked | None:
    """What the JSON file beside `audio` asks for; None if there is none. Raises InvalidRequest if it cannot be read."""
    sidecar = audio.with_suffix(".json")
    if not sidecar.exists():
        return None
    try:
        fields = json.loads(sidecar.read_text(encoding="utf-8"))
        return asked(fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidRequest(f"{sidecar} is neither a take's sidecar nor a corpus song's truth: {error!r}") from error


def asked(fields: Mapping[str, Any]) -> Asked:
    """What a sidecar's or a corpus song's fields ask for: by its truth if it has one, else by its words."""
    if truth := fields.get("truth"):
        return Asked(
            bpm=float(truth["bpm"]),
            tonic=int(truth["key"]),
            mode=str(truth["mode"]),
            styles=frozenset({str(fields["style"])}),
            voice=bool(fields["vocal"]),
            lyrics=str(fields["lyrics"]) if fields["vocal"] else "",
            parts=tuple(Part(s["start"], s["end"], s["energy"], s["name"]) for s in truth["sections"]),
            chords=tuple(chord(c) for c in truth["chords"]),
        )
    request = fields["request"]
    words = [str(tag) for tag in request.get("tags", ())] or [str(request.get("prompt", ""))]
    bpm = stated_bpm(words)
    tonic, mode = stated_key(words)
    return Asked(
        bpm=bpm,
        limits=stated_limits(words) if bpm is None else None,
        tonic=tonic,
        mode=mode,
        styles=stated_styles(words),
        voice=stated_voice(request, words),
        lyrics=str(request.get("lyrics", "")),
        seconds=float(request["duration"]) if "duration" in request else None,
        ended=not fields["truncated"] if "truncated" in fields else None,
    )


def chord(fields: Mapping[str, Any]) -> Chord:
    """A chord of a corpus song's truth."""
    classes = sorted((fields["root"] + step) % 12 for step in QUALITIES[fields["quality"]])
    return Chord(fields["start"], fields["end"], tuple(classes))


def stated_bpm(words: Iterable[str]) -> float | None:
    """The number of "96 bpm"."""
    return next((float(found[1]) for word in words if (found := BPM.search(word))), None)


def stated_limits(words: Iterable[str]) -> tuple[float, float] | None:
    """The range of "slow", "mid tempo", "at a fast tempo"."""
    for text in (word.strip().lower().replace("-", " ") for word in words):
        for word, limits in WORDS.items():
            if text == word or re.search(rf"\b{word} tempo\b", text):
                return limits
        for word, limits in PACES.items():
            if re.search(rf"\b{word}\b", text):
                return limits
    return None


def stated_key(words: Iterable[str]) -> tuple[int | None, str | None]:
    """Tonic and mode of "in f sharp minor", the mode alone of "in a minor key", (None, None) where neither is said."""
    text = ", ".join(words)
    if found := KEY.search(text):
        mode, sign = found[3].lower(), (found[2] or "").strip(" -").lower()
        step = 1 if sign in ("#", "♯", "sharp") else -1 if sign else 0
        return (KEY_NAMES["major"].index(found[1].lower()) + step) % 12, mode
    alone = MODE.search(text)
    return None, alone[1].lower() if alone else None


def stated_styles(words: Iterable[str]) -> frozenset[str]:
    """The corpus's styles that are named, by a longer name ("country pop") rather than a shorter one ("pop")."""
    text = ", ".join(words).lower().replace("-", " ")
    found: frozenset[str] = frozenset()
    for word, styles in STYLE_WORDS.items():
        text, times = re.subn(rf"\b{re.escape(word)}\b", "", text)
        found |= styles if times else frozenset()
    return found


def stated_voice(request: Mapping[str, Any], words: Iterable[str]) -> bool | None:
    """True where lyrics or a vocal tag ask for somebody who sings, False where an instrumental is asked for."""
    text = " ".join(words).lower()
    if request.get("instrumental") or "instrumental" in text:
        return False
    if request.get("lyrics") or re.search(r"\b(vocals?|singer|sung|sings?)\b", text):
        return True
    return None
