"""Step patterns: a bar written as a string, played over chords.

One character is one step of an equal division of the bar ("x.x.x.x." = eighths in 4/4); `|` separates the bars of a
longer pattern. `-` holds the note before it, `.` rests, any other character strikes, and its meaning depends on the
instrument. A pattern starts over with a chord that comes within a bar.
"""

from collections.abc import Callable, Iterator, Sequence

from khala.corpus.composer.score import Chord, FormSection, Note


def steps(pattern: str, section: FormSection, beats_per_bar: int) -> Iterator[tuple[str, float]]:
    """Yield every step of a section as (mark, start in beats), the pattern repeated bar by bar."""
    bars = pattern.split("|")
    for bar in range(section.bars):
        marks = bars[bar % len(bars)]
        for number, mark in enumerate(marks):
            yield mark, (section.start_bar + bar + number / len(marks)) * beats_per_bar


def play_pattern(
    pattern: str,
    section: FormSection,
    beats_per_bar: int,
    pitches: Callable[[str, Chord, Chord], Sequence[int]],
    velocity: Callable[[float], int],
    gate: float,
) -> list[Note]:
    """Play a pattern over a section's chords, starting over with every chord.

    `pitches(mark, chord, next chord)` returns the pitches that a mark strikes, `velocity(beat in its bar)` their
    velocity; a note sounds for the share `gate` of its written length.
    """
    notes: list[Note] = []
    bars = pattern.split("|")
    for number, chord in enumerate(section.chords):
        following = section.chords[(number + 1) % len(section.chords)]
        marks = bars[int(chord.start / beats_per_bar - section.start_bar) % len(bars)]
        step = beats_per_bar / len(marks)
        marks = marks[: round(chord.length / step)]
        for place, mark in enumerate(marks):
            if mark in "-.":
                continue
            held = len(marks[place + 1 :]) - len(marks[place + 1 :].lstrip("-"))
            start, length = chord.start + place * step, (1 + held) * step * gate
            strength = velocity(start % beats_per_bar)
            notes += [Note(start, length, pitch, strength) for pitch in pitches(mark, chord, following)]
    return notes
