"""What a song was meant to be, read from the JSON file beside it.

Two kinds are understood: the sidecar of a take that `khala generate` made (its `request`), and a corpus song's truth.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khala.corpus.compose import TEMPO_WORDS
from khala.evaluation.sections import Part
from khala.evaluation.tempo import agrees
from khala.music.errors import InvalidRequest

BPM = re.compile(r"\b(\d{2,3})\s*bpm\b", re.IGNORECASE)
WORDS = {
    **{word.removesuffix(" tempo"): limits for word, limits in TEMPO_WORDS.items()},
    "moderate": TEMPO_WORDS["mid tempo"],
}
"""A tempo word, followed by "tempo" or alone as a tag -> its range in BPM."""


@dataclass(frozen=True)
class Asked:
    """`bpm` is a tempo asked for by number, `limits` one asked for by word (None: any will do).

    `voice` says whether somebody was to sing (None: not said); `parts` is the form with the energy of every section
    (empty: not said).
    """

    bpm: float | None = None
    limits: tuple[float, float] | None = None
    voice: bool | None = None
    parts: tuple[Part, ...] = ()

    def tempo_met(self, bpm: float) -> bool | None:
        """Whether `bpm` is within 8 % of the number, or in the range, that was asked for; None if any will do."""
        if self.bpm is not None:
            return agrees(bpm, self.bpm)
        return self.limits[0] <= bpm < self.limits[1] if self.limits else None


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
        parts = tuple(Part(s["start"], s["end"], s["energy"]) for s in truth.get("sections", ()) if "energy" in s)
        bpm = float(truth["bpm"]) if "bpm" in truth else None
        return Asked(bpm=bpm, voice=bool(fields["vocal"]), parts=parts)
    request = fields["request"]
    words = [str(tag) for tag in request.get("tags", ())] or [str(request.get("prompt", ""))]
    bpm = stated_bpm(words)
    limits = stated_limits(words) if bpm is None else None
    return Asked(bpm=bpm, limits=limits, voice=stated_voice(request, words))


def stated_bpm(words: Iterable[str]) -> float | None:
    """The number of "96 bpm"."""
    return next((float(found[1]) for word in words if (found := BPM.search(word))), None)


def stated_limits(words: Iterable[str]) -> tuple[float, float] | None:
    """The range of "slow", "mid tempo", "at a fast tempo"."""
    for text in words:
        for word, limits in WORDS.items():
            if text.strip().lower() == word or re.search(rf"\b{word} tempo\b", text, re.IGNORECASE):
                return limits
    return None


def stated_voice(request: Mapping[str, Any], words: Iterable[str]) -> bool | None:
    """True where lyrics or a vocal tag ask for somebody who sings, False where an instrumental is asked for."""
    text = " ".join(words).lower()
    if request.get("instrumental") or "instrumental" in text:
        return False
    if request.get("lyrics") or re.search(r"\b(vocals?|singer|sung|sings?)\b", text):
        return True
    return None
