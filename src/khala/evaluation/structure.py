"""Whether the chorus returns: two choruses have to be more alike than a verse and a chorus.

Where the sections lie comes from the truth of a corpus song. In any other song they are looked for: the lyrics are laid
along the song by the recogniser, every phone in its order where it fits best (`models.recogniser.align`), and a section
lasts from its first phone to its last. Where nothing of the lyrics can be heard that is little better than sharing out
the sung time by the number of phones, and sections without words are not found at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from khala.music.reading import sections
from khala.scoring.key import chroma
from khala.scoring.sections import Part
from khala.scoring.spectrum import RATE, mel, mono
from khala.scoring.types import Array
from khala.scoring.words import Heard, lines_of

HOP = 2048
PACE = RATE / HOP
BANDS = 24
SLACK = 1.0
"""So many seconds two sections may be moved against each other to find how alike they are."""
LEAST = 2.0
"""A section shorter than this many seconds is not compared."""


@dataclass(frozen=True)
class Structure:
    """Mean similarity -1..1 of two choruses, and of a verse and a chorus."""

    choruses: float
    others: float

    @property
    def returns(self) -> bool:
        return self.choruses > self.others


def structure(samples: Array, rate: int, parts: Sequence[Part]) -> Structure | None:
    """Compare the sections of samples [channels, N]; None without two choruses and a verse that can be compared."""
    outline = _outline(samples, rate)
    pieces = {
        name: [piece for part in parts if part.name == name and len(piece := _cut(outline, part)) >= LEAST * PACE]
        for name in ("chorus", "verse")
    }
    if len(pieces["chorus"]) < 2 or not pieces["verse"]:
        return None
    return Structure(
        choruses=float(np.mean([similarity(a, b) for a, b in combinations(pieces["chorus"], 2)])),
        others=float(np.mean([similarity(a, b) for a, b in product(pieces["verse"], pieces["chorus"])])),
    )


def located(heard: Heard, lyrics: str) -> tuple[Part, ...]:
    """Where the sections with words lie in a song; nothing if the words are more than fit into it."""
    from khala.models.recogniser import align

    lines = lines_of(lyrics)
    try:
        spans = align(heard.frames, [phone for _, line in lines for phone in line])
    except ValueError:
        return ()
    names = [section.name for section in sections(lyrics)]
    owners = [number for number, line in lines for _ in line]
    parts = []
    for number in dict.fromkeys(owners):
        inside = [span for span, owner in zip(spans, owners, strict=True) if owner == number]
        parts.append(Part(inside[0][0] / heard.rate, inside[-1][1] / heard.rate, 0.0, names[number]))
    return tuple(parts)


def similarity(one: Array, other: Array) -> float:
    """Mean correlation of the frames [T, F] of two sections, the shorter laid against the longer where they agree best:
    anywhere inside it, and up to `SLACK` seconds over its edges."""
    short, long = sorted((one, other), key=len)
    slack = round(SLACK * PACE)
    best = -1.0
    for lag in range(-slack, len(long) - len(short) + slack + 1):
        a, b = short[max(-lag, 0) : len(long) - lag], long[max(lag, 0) : lag + len(short)]
        if len(a) >= len(short) / 2:
            best = max(best, float((a * b).sum(axis=1).mean()))
    return best


def _outline(samples: Array, rate: int) -> Array:
    """What sounds, about eleven times a second [T, BANDS + 12]: every column relative to the song, every row of length
    one, so that the product of two rows is their correlation."""
    log = np.log(mel(mono(samples, rate), RATE, BANDS, hop=HOP) + 1e-2)
    notes = chroma(samples, rate)
    length = min(len(log), len(notes))
    rows = np.concatenate([_even(log[:length]), _even(notes[:length]) * np.sqrt(BANDS / 12)], axis=1)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def _even(columns: Array) -> Array:
    return np.asarray((columns - columns.mean(axis=0)) / (columns.std(axis=0) + 1e-6))


def _cut(outline: Array, part: Part) -> Array:
    return outline[round(part.start * PACE) : round(part.end * PACE)]
