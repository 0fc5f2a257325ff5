"""Melody: a motif (a contour and a rhythm) laid over chords, as the cheapest path through the pitches of the key.

Strong notes want chord tones, steps are cheaper than leaps, the line's end rests on a chord tone. Without drawing lots the
same motif over the same chords gives the same notes: that is what makes a refrain.
"""

import random
from dataclasses import dataclass

from khala.corpus.compose.harmony import chord_at, tones
from khala.corpus.score import Chord

CONTOURS = {
    "arch": (0, 1, 2, 2, 1, 0),
    "fall": (2, 2, 1, 1, 0, 0),
    "rise": (0, 0, 1, 1, 2, 2),
    "wave": (1, 2, 1, 0, 1, 1),
    "dip": (2, 1, 0, 0, 1, 2),
    "level": (1, 1, 1, 2, 1, 0),
}
"""Shape of a line, in thirds of a scale around the centre."""


@dataclass(frozen=True)
class Motif:
    """What makes a line of melody known again: onsets in beats from the line's start, strengths, heights in scale steps."""

    onsets: tuple[float, ...]
    strong: tuple[bool, ...]
    heights: tuple[int, ...]


def motif(rng: random.Random, onsets: tuple[float, ...], strong: tuple[bool, ...], contour: str = "") -> Motif:
    """Draws a motif on a rhythm: a contour (any, if none is named) with at most one step of ornament a note."""
    shape = CONTOURS[contour or rng.choice(sorted(CONTOURS))]
    heights = []
    for number in range(len(onsets)):
        place = number * (len(shape) - 1) / max(1, len(onsets) - 1)
        low = int(place)
        high = min(low + 1, len(shape) - 1)
        height = 2 * (shape[low] + (shape[high] - shape[low]) * (place - low)) - 2
        heights.append(round(height) + rng.choice((0, 0, 0, 1, -1)))
    return Motif(onsets, strong, tuple(heights))


def lay(
    motif: Motif, start: float, chords: tuple[Chord, ...], pitches: tuple[int, ...], centre: int, last: frozenset[int]
) -> tuple[int, ...]:
    """The motif's pitches when its line starts at beat `start`.

    `pitches` are those of the key in the range of the voice, ascending, `centre` the index of the middle one; `last` the
    pitch classes on which the line may end (empty: any tone of the chord).
    """
    best: list[dict[int, tuple[float, int]]] = []
    final = len(motif.onsets) - 1
    for number, onset in enumerate(motif.onsets):
        chord_tones = frozenset(tones(chord_at(chords, start + onset)))
        ends = (last & chord_tones or chord_tones) if number == final else chord_tones
        weight = 12.0 if number == final else 3.0 if motif.strong[number] else 0.4
        target = centre + motif.heights[number]
        column: dict[int, tuple[float, int]] = {}
        for place, pitch in enumerate(pitches):
            cost = abs(place - target) + (0.0 if pitch % 12 in ends else weight)
            if best:
                before = min(best[-1], key=lambda p: best[-1][p][0] + _leap(abs(p - place)))
                column[place] = (best[-1][before][0] + _leap(abs(before - place)) + cost, before)
            else:
                column[place] = (cost, place)
        best.append(column)
    place = min(best[-1], key=lambda p: best[-1][p][0])
    path = [place]
    for column in reversed(best[1:]):
        place = column[place][1]
        path.append(place)
    return tuple(pitches[place] for place in reversed(path))


def _leap(steps: int) -> float:
    """Cost of moving so many scale steps: steps are free, repeats cost a little, leaps more and more."""
    return (0.5, 0.0, 0.5, 1.6, 2.6, 4.5, 7.0, 10.0)[min(steps, 7)] + 4.0 * max(0, steps - 7)
