"""Touch: a player's deviations from written notes: steady imprecision, strums, a dragging backbeat, a swell.

The same place of every second bar always gets the same deviation, so that a repeated bar stays a repeated bar.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from khala.corpus.composer.compose.plan import SongPlan
from khala.corpus.composer.score import FormSection, InstrumentPart, Note

SPREAD_MS = {"drums": 3.0, "bass": 4.0, "comp": 5.0, "pad": 6.0, "lead": 7.0}
"""Standard deviation of onsets of a player with looseness 1."""
VELOCITY_DEVIATION = 5.0
"""Standard deviation of velocities."""
STRUM_MS = 9.0
"""Time from string to string."""
GUITARS = range(24, 32)
BACKBEAT = frozenset({37, 38, 39})
SWELL_SHARE = 0.25
"""Share by which the velocity of the last note of a rising section exceeds that of the first."""
RISING = ("pre-chorus", "bridge")


def touch(plan: SongPlan, parts: tuple[InstrumentPart, ...]) -> tuple[InstrumentPart, ...]:
    """Return the parts as played."""
    return tuple(replace(part, notes=tuple(_played(plan, part))) for part in parts)


def _played(plan: SongPlan, part: InstrumentPart) -> Iterator[Note]:
    second = 1 / plan.beat_seconds / 1000  # beats a millisecond
    last_bar = sum(section.bars for section in plan.sections) * plan.beats_per_bar - plan.beats_per_bar
    ends: dict[int, float] = {}  # pitch -> start of its next note
    found = []
    for start, chord in groupby(sorted(part.notes, key=lambda note: (note.start, note.pitch)), lambda note: note.start):
        notes = list(chord)
        section = next(s for s in reversed(plan.sections) if s.start_bar * plan.beats_per_bar <= start + 1e-6)
        place = start - section.start_bar * plan.beats_per_bar
        for number, note in enumerate(notes):
            late, louder = habit(plan.seed, part.name, round(place % (2 * plan.beats_per_bar), 4), note.pitch)
            late *= SPREAD_MS[part.name] * plan.style.loose
            if part.drums and note.pitch in BACKBEAT:
                late += plan.style.late
            if part.program in GUITARS and part.name == "comp" and len(notes) > 2:
                down = round(place % 1, 3) == 0
                late += STRUM_MS * (number if down else len(notes) - 1 - number)
            if start >= last_bar:
                late = max(late, 0.0)
            strength = note.velocity * _swell(plan, section, place) + VELOCITY_DEVIATION * plan.style.loose * louder
            begin = max(start + late * second, 0.0)
            found.append(replace(note, start=begin, velocity=min(max(round(strength), 1), 127)))
    for note in sorted(found, key=lambda note: note.start, reverse=True):
        length = min(note.length, ends.get(note.pitch, note.start + note.length) - note.start)
        ends[note.pitch] = note.start
        if length > 0:
            yield replace(note, length=length)


@lru_cache(maxsize=4096)
def habit(seed: int, part: str, place: float, pitch: int) -> tuple[float, float]:
    """Return a player's delay and extra loudness at a place: two normal deviates of magnitude at most 2."""
    rng = random.Random(f"{seed} {part} {place} {pitch}")
    late, louder = (min(max(rng.gauss(0, 1), -2.0), 2.0) for _ in range(2))
    return late, louder


def _swell(plan: SongPlan, section: FormSection, place: float) -> float:
    if section.name not in RISING:
        return 1.0
    return 1 + SWELL_SHARE * (place / (section.bars * plan.beats_per_bar) - 0.5)
