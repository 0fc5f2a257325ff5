"""Chords that a request asks for: of the whole song, or in the headers of its lyrics' sections: "[verse: C G Am F]".

Each chord is played for a bar, and they begin again until the part ends. A later section of the same name that says
nothing is played alike; a part of which nothing is said has the chords of the song, and without any the model chooses.
"""

from collections.abc import Sequence
from dataclasses import replace

from khala.conditioning.outline import KEYS, Outline
from khala.music.chords import (
    NO_CHORD,
    NOTES,
    chord_name,
    fits_key,
    parse_chord,
    parse_chords,
    split_chords,
    transpose,
)
from khala.music.errors import InvalidRequest
from khala.music.reading import Section
from khala.music.remarks import Remark

Chords = tuple[int, ...]
FITTING = 0.6
"""Share of chords that must belong to the key that is asked for."""
FIT_BETTER = 0.3
"""By so much a larger share of them must belong to another key, for that to be the one they are in."""


def with_chords(outline: Outline, sections: Sequence[Section], song: str = "") -> Outline:
    """The outline with the chords that its sections ask for, and in the other parts those of the `song`."""
    general = parse_chords(song) if song else ()
    told = _told(sections)
    waiting = [section.name or "verse" for section in sections]
    asked = [told.get(number, ()) for number in range(len(sections))]
    chords: list[tuple[int, int, int]] = []
    at = 0
    for part in outline.parts:
        number = waiting.index(part.name, at) if part.name in waiting[at:] else None
        if number is not None:
            at = number + 1
        its = (asked[number] if number is not None else ()) or general
        for bar, begin in enumerate(range(part.begin, part.end, outline.bar) if its else ()):
            chords.append((begin, min(begin + outline.bar, part.end), its[bar % len(its)]))
    return replace(outline, chords=tuple(chords))


def chord_remarks(sections: Sequence[Section], plays_them: bool, song: str = "", key: int = -1) -> list[Remark]:
    """Remarks on chords of the sections and of the `song` that a model does not play, on those that are in another key
    than `key` (`Outline.key`), and on what is no chord among others."""
    remarks = []
    for section in sections:
        names = _names(section)
        wrong = [name for name in names if not _is_chord(name)]
        if wrong and len(names) - len(wrong) > len(wrong):
            text = f"{wrong[0][:20]!r} is not a chord, so no chords are played as asked in [{section.label[:40]}]."
            remarks.append(Remark("not-a-chord", text, section.number, {"chord": wrong[0][:20]}))
    told = [chord for section in sections for chord in _chords(section)]
    asked, line = told, next((section.number for section in sections if _chords(section)), None)
    if song:
        asked, line = [*told, *parse_chords(song)], None
    if asked and not plays_them:
        who = "The request asks" if song else "The lyrics ask"
        remarks.append(Remark("chords-unknown", f"{who} for chords; this model chooses its own.", line))
    elif key >= 0 and (found := _key_remark(asked, key, line)):
        remarks.append(found)
    return remarks


def _key_remark(asked: Sequence[int], key: int, line: int | None) -> Remark | None:
    """The remark that chords are in another key than `key`, with what they would be in that."""
    named = [chord for chord in asked if chord != NO_CHORD]
    tonic, mode = key % len(NOTES), KEYS[key].split()[1]

    def share(root: int) -> float:
        """The share of the chords that belongs to the key on this root."""
        return sum(fits_key(chord, root, mode) for chord in named) / len(named)

    if not named or share(tonic) >= FITTING:
        return None
    home = [root for root in range(len(NOTES)) if root + (mode == "minor") * len(NOTES) in named]
    best = max(range(len(NOTES)), key=lambda root: (share(root), root in home))
    if share(best) < share(tonic) + FIT_BETTER:
        return None
    fits = KEYS[best + (mode == "minor") * len(NOTES)]
    moved = " ".join(chord_name(transpose(chord, tonic - best)) for chord in dict.fromkeys(named))
    text = f"The chords are in {fits}, and {KEYS[key]} is asked for; in that they would be {moved}."
    return Remark("chords-key", text, line, {"key": KEYS[key], "fits": fits, "chords": moved})


def _told(sections: Sequence[Section]) -> dict[int, Chords]:
    """The chords of sections, by their numbers."""
    found: dict[int, Chords] = {}
    by_name: dict[str, Chords] = {}
    for number, section in enumerate(sections):
        if chords := _chords(section) or by_name.get(section.name, ()):
            found[number] = by_name[section.name] = chords
    return found


def _chords(section: Section) -> Chords:
    """The chords that a header names: two or more, and nothing else ("[Verse: A]" is the first verse of two)."""
    names = _names(section)
    return parse_chords(" ".join(names)) if len(names) > 1 and all(map(_is_chord, names)) else ()


def _names(section: Section) -> list[str]:
    return split_chords(section.label.partition(":")[2])


def _is_chord(name: str) -> bool:
    try:
        parse_chord(name)
    except InvalidRequest:
        return False
    return True
