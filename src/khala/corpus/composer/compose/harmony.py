"""Keys, chords and voicings: roman numerals to pitch classes, and pitch classes to notes of a register."""

import re

from khala.conditioning.request_terms import KEY_NAMES
from khala.corpus.composer.score import Chord

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
QUALITIES = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "sus4": (0, 5, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "min7b5": (0, 3, 6, 10),
}
"""Chord quality -> semitones above the root."""

_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_NUMERAL = re.compile(r"(b?)([iv]+|[IV]+)(maj7|min7b5|dim|sus4|7)?")


def key_name(key: int, mode: str) -> str:
    """`key_name(9, "minor")` -> "a minor"."""
    return f"{KEY_NAMES[mode][key]} {mode}"


def scale(key: int, mode: str) -> frozenset[int]:
    """Return the seven pitch classes of a key."""
    return frozenset((key + step) % 12 for step in SCALES[mode])


def parse_numeral(numeral: str, key: int, mode: str, start: float, length: float) -> Chord:
    """Return the chord of a roman numeral; raise ValueError for anything else.

    Upper case means major, lower case minor; degrees are those of `mode` ("VI" in minor = b6).
    """
    match = _NUMERAL.fullmatch(numeral)
    if match is None:
        raise ValueError(f"not a chord numeral: {numeral!r}")
    flat, degree, suffix = match.groups()
    minor = degree.islower()
    root = (key + SCALES[mode][_DEGREES[degree.lower()]] - bool(flat)) % 12
    quality = ("min" if minor else "maj") if suffix is None else "min7" if suffix == "7" and minor else suffix
    return Chord(start, length, root, quality)


def tones(chord: Chord) -> tuple[int, ...]:
    """Return the pitch classes of a chord, root first."""
    return tuple((chord.root + step) % 12 for step in QUALITIES[chord.quality])


def above(low: int, pitch_class: int) -> int:
    """Return the first pitch of a class at or above `low`."""
    return low + (pitch_class - low) % 12


def voicing(chord: Chord, low: int) -> tuple[int, ...]:
    """Return the close voicing within the octave from `low`, ascending."""
    return tuple(sorted(above(low, tone) for tone in tones(chord)))


def chord_at(chords: tuple[Chord, ...], beat: float) -> Chord:
    """Return the chord at a beat; chords are in time order, and the last one continues past its end."""
    for candidate in chords:
        if beat < candidate.start + candidate.length - 1e-9:
            return candidate
    return chords[-1]
