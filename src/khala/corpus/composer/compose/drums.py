"""Drums of a section: groove, fill and crash."""

from khala.corpus.composer.compose.grooves import GROOVES
from khala.corpus.composer.compose.patterns import steps
from khala.corpus.composer.score import FormSection, Note

PIECES = {
    "kick": 36,
    "stick": 37,
    "snare": 38,
    "clap": 39,
    "low": 41,
    "hat": 42,
    "pedal": 44,
    "mid": 45,
    "open": 46,
    "high": 48,
    "crash": 49,
    "ride": 51,
    "tambourine": 54,
    "cowbell": 56,
    "conga high": 63,
    "conga low": 64,
    "cabasa": 69,
    "shaker": 70,
    "claves": 75,
}
"""Piece of the kit -> General MIDI drum note."""
STROKE_VELOCITIES = {"X": 116, "x": 98, "o": 66}
"""Pattern mark (accent, stroke, ghost note) -> MIDI velocity at full energy."""
FILL_BEATS = 2
"""Length of a fill, at the end of a section."""


def drums(section: FormSection, beats_per_bar: int, groove: str, fill: dict[str, str], crash: bool) -> list[Note]:
    """Return a section's drum notes: the groove, a crash on its first beat, and a fill at its end (empty: none)."""
    start = section.start_bar * beats_per_bar
    end = start + section.bars * beats_per_bar
    fill_from = end - FILL_BEATS if fill else end
    notes = [
        hit(piece, beat, mark, section.energy)
        for piece, pattern in (GROOVES[groove] if groove else {}).items()
        for mark, beat in steps(pattern, section, beats_per_bar)
        if mark != "." and beat < fill_from
    ]
    for piece, pattern in fill.items():
        notes += [
            hit(piece, fill_from + step / 4, mark, section.energy) for step, mark in enumerate(pattern) if mark != "."
        ]
    if crash:
        notes.append(hit("crash", start, "x" if section.energy > 0.85 else "o", section.energy))
    return notes


def hit(piece: str, beat: float, mark: str, energy: float) -> Note:
    """Return one stroke, at a velocity of `STROKE_VELOCITIES`, down to two thirds of it at low energy."""
    return Note(beat, 0.25, PIECES[piece], round(STROKE_VELOCITIES[mark] * (0.67 + 0.33 * energy)))
