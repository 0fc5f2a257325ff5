"""Melody: a motif (rhythm and contour) laid over chords, as the cheapest path through the pitches of the key.

Strong notes prefer chord tones, steps are cheaper than leaps, the end of a line rests on a chord tone. Laying is not
random: the same motif over the same chords gives the same notes, which makes a refrain.
"""

import random
from dataclasses import dataclass

from khala.corpus.composer.compose.harmony import chord_at, tones
from khala.corpus.composer.score import Chord

CONTOURS = {
    "arch": (-1, 1, 2, 2, 1, 0),
    "fall": (2, 2, 1, 0, 0, -1),
    "rise": (-1, 0, 0, 1, 2, 2),
    "wave": (0, 2, 1, -1, 0, 1),
    "dip": (2, 1, -1, -1, 1, 2),
    "level": (0, 1, 0, 1, 1, 0),
}
"""Contour -> height of a line over its course, in scale steps around the middle."""


@dataclass(frozen=True)
class Motif:
    """The rhythm and contour of a line of melody: onsets in beats, strong or weak, heights in scale steps."""

    onsets: tuple[float, ...]
    strong: tuple[bool, ...]
    heights: tuple[float, ...]


def motif(rng: random.Random, meter: str, onsets: tuple[float, ...], contour: str) -> Motif:
    """Return a motif on a rhythm: a contour, ornamented by random steps."""
    shape = CONTOURS[contour]
    heights = []
    for number in range(len(onsets)):
        place = number * (len(shape) - 1) / (len(onsets) - 1)
        left = min(int(place), len(shape) - 2)
        height = shape[left] + (shape[left + 1] - shape[left]) * (place - left)
        heights.append(1.3 * height + rng.choice((0.0, 0.0, 1.0, -1.0)))
    return Motif(onsets, tuple(mark == "1" for mark in meter), tuple(heights))


def lay(
    motif: Motif,
    start: float,
    chords: tuple[Chord, ...],
    scale: frozenset[int],
    low: int,
    high: int,
    height: float,
    last: frozenset[int],
) -> tuple[int, ...]:
    """Return the pitches of a motif whose line starts at beat `start`.

    They lie from `low` to `high` around `height` (0..1) of that range, in the `scale` or the chord. `last` are the
    pitch classes on which the line may end where the chord has them (empty: any tone of the chord).
    """
    pitches = range(low, high + 1)
    middle = low + height * (high - low)
    final = len(motif.onsets) - 1
    costs: dict[int, float] = {}
    paths: list[dict[int, int]] = []  # of every note: pitch -> cheapest pitch before it
    for number, onset in enumerate(motif.onsets):
        chord_tones = frozenset(tones(chord_at(chords, start + onset)))
        ends = (last & chord_tones) or chord_tones if number == final else chord_tones
        weight = 12.0 if number == final else 3.0 if motif.strong[number] else 0.3
        target = middle + 1.7 * motif.heights[number]
        column: dict[int, float] = {}
        before: dict[int, int] = {}
        for pitch in pitches:
            pitch_class = pitch % 12
            if pitch_class not in chord_tones:
                if pitch_class not in scale:
                    continue
                clash = (pitch_class + 1) % 12 in chord_tones or (pitch_class - 1) % 12 in chord_tones
                cost = weight * (1.5 if clash else 1.0)
            else:
                cost = 0.0 if pitch_class in ends else weight
            cost += 0.6 * abs(pitch - target)
            if costs:
                cheapest, before[pitch] = min(
                    (paid + _LEAP[abs(other - pitch)], other) for other, paid in costs.items()
                )
                cost += cheapest
            column[pitch] = cost
        costs = column
        paths.append(before)
    path = [min(costs, key=lambda pitch: costs[pitch])]
    for before in reversed(paths[1:]):
        path.append(before[path[-1]])
    return tuple(reversed(path))


_LEAP = (1.2, 0.1, 0.0, 0.5, 0.7, 1.2, 14.0, 2.2, 5.0, 5.0, 6.0, 8.0, 5.0, *(12.0,) * 24)
"""Cost of a move by semitones: steps are cheap, thirds and fourths acceptable, a tritone is not."""
