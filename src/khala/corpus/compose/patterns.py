"""Step patterns: a bar written as a string, played over chords.

One character is one step of an equal division of the bar ("x.x.x.x." = eighths in 4/4); `|` separates the bars of a longer
pattern. `-` holds the note before it, `.` rests, any other character strikes; what it strikes is up to the instrument. A
struck or held note ends where its chord ends, and a hold across a chord change strikes anew.
"""

from collections.abc import Callable, Iterator, Sequence

from khala.corpus.compose.harmony import chord_at
from khala.corpus.score import Chord, Note, Section


def steps(pattern: str, section: Section, beats_per_bar: int) -> Iterator[tuple[str, float, float]]:
    """Every step of a section as (character, start in beats, length of a step in beats)."""
    bars = pattern.split("|")
    for bar in range(section.bars):
        marks = bars[bar % len(bars)]
        step = beats_per_bar / len(marks)
        for number, mark in enumerate(marks):
            yield mark, (section.start_bar + bar) * beats_per_bar + number * step, step


def play(
    pattern: str,
    section: Section,
    beats_per_bar: int,
    pitches: Callable[[str, Chord, Chord], Sequence[int]],
    velocity: Callable[[float], int],
    gate: float = 0.95,
) -> list[Note]:
    """Plays a pattern over a section's chords.

    `pitches(mark, chord, next_chord)` says what a mark strikes, `velocity(beat in bar)` how hard; a note sounds for `gate`
    of its written length.
    """
    notes: list[Note] = []
    sounding: tuple[str, float] | None = None
    chord = section.chords[0]
    end = (section.start_bar + section.bars) * beats_per_bar

    def release(stop: float) -> None:
        if sounding is None:
            return
        mark, start = sounding
        following = chord_at(section.chords, chord.start + chord.length)
        for pitch in pitches(mark, chord, following):
            notes.append(Note(start, (stop - start) * gate, pitch, velocity(start % beats_per_bar)))

    for mark, start, _ in steps(pattern, section, beats_per_bar):
        here = chord_at(section.chords, start)
        if mark == "-" and here is chord:
            continue
        release(start)
        if mark == "-":
            sounding = (sounding[0], start) if sounding else None
        else:
            sounding = None if mark == "." else (mark, start)
        chord = here
    release(end)
    return notes
