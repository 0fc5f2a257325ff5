"""Chords as people write them: "C", "G/B", "F#m7", "Bbmaj7", "N.C.". Root and third count: it is major or minor."""

import re

from khala.music.errors import InvalidRequest

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
NO_CHORD = 2 * len(NOTES)
"""The number of no chord. 0..11 are chords on C..B with a major third or none, 12..23 with a minor third."""
CHORDS = NO_CHORD + 1
"""How many numbers of chords there are."""
MAX_CHORDS = 64
"""The most chords of a part."""
_SCALE = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_MINOR_STEPS = {"major": (2, 4, 9, 11), "minor": (0, 2, 5, 7)}
"""Steps of a key's scale, and those whose chords have a minor third."""

_LETTERS = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
_SHIFTS = {"": 0, "#": 1, "b": -1}
_CHORD = re.compile(
    r"([A-G])([#b]?)"
    r"(m(?!aj)|min|-|dim|°|ø|maj|M|Δ|aug|\+|sus[24]?|)"
    r"((?:(?:maj|M|add|sus|no|omit|/)?[#b+-]?\d{1,2}|[()])*)"
    r"(?:/[A-G][#b]?)?"
)
_MINOR = ("m", "min", "-", "dim", "°", "ø")
_NONE = ("n.c.", "nc", "n.c", "no chord")


def parse_chord(text: str) -> int:
    """The number of a chord. Raises InvalidRequest for what is no chord."""
    plain = text.strip().replace("♯", "#").replace("♭", "b")
    if plain.lower() in _NONE:
        return NO_CHORD
    found = _CHORD.fullmatch(plain)
    if not found:
        raise InvalidRequest(f"{text[:20]!r} is not a chord; write chords as C, Am, F#m7, Bb or N.C.")
    letter, sign, third, _ = found.groups()
    return (_LETTERS[letter] + _SHIFTS[sign]) % len(NOTES) + len(NOTES) * (third in _MINOR)


def split_chords(text: str) -> list[str]:
    """The words of a row of chords, which blanks, commas, bars "|" or dashes between blanks separate."""
    return [word for word in re.split(r"[\s,|–—]+", text) if word and word != "-"]


def parse_chords(text: str) -> tuple[int, ...]:
    """The numbers of the chords of a row (`split_chords`). Raises InvalidRequest."""
    named = split_chords(text)
    if not named:
        raise InvalidRequest("the chords are empty; write them as C G Am F")
    if len(named) > MAX_CHORDS:
        raise InvalidRequest(f"there are {len(named)} chords; at most {MAX_CHORDS} are repeated through a part")
    return tuple(map(parse_chord, named))


def fits_key(chord: int, tonic: int, mode: str) -> bool:
    """Whether a chord belongs to a key, "major" or "minor" on 0..11 for C..B; also the major chord on the fifth step of
    a minor key, and no chord."""
    step, third = (chord - tonic) % len(NOTES), chord // len(NOTES)
    if chord == NO_CHORD or (mode == "minor" and (step, third) == (7, 0)):
        return True
    return step in _SCALE[mode] and bool(third) == (step in _MINOR_STEPS[mode])


def transpose(chord: int, semitones: int) -> int:
    """The number of a chord so many semitones higher."""
    if chord == NO_CHORD:
        return NO_CHORD
    return (chord + semitones) % len(NOTES) + chord // len(NOTES) * len(NOTES)


def chord_name(number: int) -> str:
    """The name of a chord: "C", "Am", "N.C."."""
    if number == NO_CHORD:
        return "N.C."
    return NOTES[number % len(NOTES)] + "m" * (number >= len(NOTES))
