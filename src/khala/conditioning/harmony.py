"""Chords that lyrics ask for, in the headers of their sections: "[verse: C G Am F]".

Each chord is played for a bar, and they begin again until the part ends. A later section of the same name that says
nothing is played alike; where nothing is said the model chooses.
"""

from collections.abc import Sequence
from dataclasses import replace

from khala.conditioning.outline import Outline
from khala.music.chords import parse_chord, parse_chords, split_chords
from khala.music.errors import InvalidRequest
from khala.music.reading import Section
from khala.music.remarks import Remark

Chords = tuple[int, ...]


def with_chords(outline: Outline, sections: Sequence[Section]) -> Outline:
    """The outline with the chords that its sections ask for."""
    told = _told(sections)
    waiting = [section.name or "verse" for section in sections]
    asked = [told.get(number, ()) for number in range(len(sections))]
    chords: list[tuple[int, int, int]] = []
    at = 0
    for part in outline.parts:
        number = waiting.index(part.name, at) if part.name in waiting[at:] else None
        if number is not None:
            at = number + 1
        its = asked[number] if number is not None else ()
        for bar, begin in enumerate(range(part.begin, part.end, outline.bar) if its else ()):
            chords.append((begin, min(begin + outline.bar, part.end), its[bar % len(its)]))
    return replace(outline, chords=tuple(chords))


def chord_remarks(sections: Sequence[Section], plays_them: bool) -> list[Remark]:
    """Remarks on chords that a model does not play, and on what is no chord among others."""
    remarks = []
    for section in sections:
        names = _names(section)
        wrong = [name for name in names if not _is_chord(name)]
        if wrong and len(names) - len(wrong) > len(wrong):
            text = f"{wrong[0][:20]!r} is not a chord, so no chords are played as asked in [{section.label[:40]}]."
            remarks.append(Remark("not-a-chord", text, section.number, {"chord": wrong[0][:20]}))
    if _told(sections) and not plays_them:
        text = "The lyrics ask for chords; this model chooses its own."
        remarks.append(Remark("chords-unknown", text, next(s.number for s in sections if _chords(s))))
    return remarks


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
