"""Ground truth in codec frames: lines, phones, form and chords of a song, as its token shard stores them.

`truth` is that of a `CorpusSong`, its times in seconds; `rate` is the codec's, in frames per second.
"""

import math
from typing import Any

import torch

from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE
from khala.music.chords import NOTES
from khala.music.phones import PHONES

_MINOR = ("min", "dim")
"""Beginnings of the qualities that have a minor third."""


def sung_lines(truth: dict[str, Any], frames: int, rate: float) -> list[tuple[int, int, str, str]]:
    """Return the sung lines of lyrics in time order: first frame, frame after the last, section, text.

    A line spans its words, or, where their times are unknown, its own `start` and `end`.
    """
    lines = []
    for number, line in enumerate(truth.get("lines", ())):
        spans = [line] if "start" in line else [word for word in truth["words"] if word["line"] == number]
        if spans:
            begin = max(int(min(span["start"] for span in spans) * rate), 0)
            end = min(math.ceil(max(span["end"] for span in spans) * rate), frames)
            lines.append((begin, end, truth["sections"][line["section"]]["name"], line["text"]))
    return sorted(lines)


def sung_phones(truth: dict[str, Any], vocal: bool, frames: int, rate: float) -> torch.Tensor:
    """Return the phone sung at the middle of every frame, uint8 [frames]: its index in `music.phones.PHONES` or `REST`.

    All are `UNKNOWN_PHONE` if a `vocal` song's truth has no phones. Where two voices overlap, the later one counts.
    """
    phones_T = torch.full((frames,), REST if "phones" in truth or not vocal else UNKNOWN_PHONE, dtype=torch.uint8)
    for phone in truth.get("phones", ()):
        begin, end = (max(math.ceil(phone[edge] * rate - 0.5), 0) for edge in ("start", "end"))
        phones_T[begin:end] = PHONES.index(phone["phone"].upper())
    return phones_T


def form_fields(truth: dict[str, Any], rate: float) -> dict[str, Any]:
    """Return the fields `bar`, `beats`, `key`, `parts` and `chords` of a `TokenSong`, as far as the truth has them."""
    fields: dict[str, Any] = {}
    if "frames_per_bar" in truth:
        fields |= {"bar": truth["frames_per_bar"], "beats": truth["beats_per_bar"]}
    if "key" in truth:
        fields["key"] = truth["key"] + 12 * (truth["mode"] == "minor")
    if "chords" in truth:
        fields["chords"] = [
            (
                round(chord["start"] * rate),
                round(chord["end"] * rate),
                chord["root"] + len(NOTES) * chord["quality"].startswith(_MINOR),
            )
            for chord in truth["chords"]
        ]
    sections = truth.get("sections", ())
    parts = [(round(one["start"] * rate), round(one["end"] * rate), one["name"]) for one in sections]
    return fields | {"parts": parts}
