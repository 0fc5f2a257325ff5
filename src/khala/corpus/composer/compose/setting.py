"""Text setting: a line of words of any length laid on the rhythm and contour of a motif.

Every syllable gets a place on a grid of quarter, half or whole beats, by the tempo, as the cheapest path: stressed
syllables prefer beats, weak ones the places between, words hold together, and all stay close to the motif, so that the
lines of two verses have the same tune although one has a syllable more. Setting is not random.
"""

from collections.abc import Sequence

from khala.corpus.composer.compose.melody import Motif
from khala.corpus.composer.compose.meter import BREATH_BEATS, MIN_ONSET_SECONDS
from khala.corpus.composer.compose.words import LIGHT, stresses

_FAR, _OFF_BEAT, _ON_BEAT, _ON_BAR, _FINE, _TORN = 0.6, 1.2, 0.5, 0.4, 0.5, 0.7
"""Costs of: a beat of distance from the motif, a stressed syllable off the beat, a weak one on a beat, a weak one on
the first or third beat of a bar, a place between half beats, a beat between two syllables of a word."""


def most_syllables(line_beats: int, line_bars: int, beat_seconds: float) -> int:
    """Return the largest number of syllables of a line."""
    return len(_grid(line_beats, line_bars, beat_seconds))


def beat_weights(words: Sequence[str]) -> tuple[float, ...]:
    """Return the strength 0..1 with which every syllable of a line prefers a beat."""
    found: list[float] = []
    for word in words:
        pattern = stresses(word)
        if len(pattern) == 1:
            found.append(0.2 if word in LIGHT else 0.8)
        else:
            found += [(0.0, 1.0, 0.6)[stress] for stress in pattern]
    return tuple(found)


def fit(
    motif: Motif, words: Sequence[str], line_beats: int, line_bars: int, beats_per_bar: int, beat_seconds: float
) -> Motif:
    """Return the motif with one note per syllable. Raises ValueError for more of them than `most_syllables`."""
    wanted = beat_weights(words)
    inner = [index > 0 for word in words for index in range(len(stresses(word)))]
    grid = _grid(line_beats, line_bars, beat_seconds)
    count = len(wanted)
    if count > len(grid):
        raise ValueError(f"{count} syllables in a line that takes {len(grid)}")
    ideal = [_along(motif.onsets, number / max(count - 1, 1)) for number in range(count)]
    costs: list[dict[int, float]] = []
    paths: list[dict[int, int]] = []
    for number, weight in enumerate(wanted):
        column: dict[int, float] = {}
        before: dict[int, int] = {}
        for place in range(number, len(grid) - (count - 1 - number)):
            beat = grid[place]
            on_bar = beat % (2 if beats_per_bar == 4 else beats_per_bar) == 0
            cost = _FAR * abs(beat - ideal[number])
            if beat % 1 == 0:
                cost += (_ON_BEAT + _ON_BAR * on_bar) * (1 - weight)
            else:
                cost += _OFF_BEAT * weight + _FINE * (beat % 0.5 > 0)
            if number:
                torn = _TORN * inner[number]
                paid, before[place] = min(
                    (costs[-1][other] + torn * (beat - grid[other]), other) for other in costs[-1] if other < place
                )
                cost += paid
            column[place] = cost
        costs.append(column)
        paths.append(before)
    places = [min(costs[-1], key=lambda place: costs[-1][place])]
    for before in reversed(paths[1:]):
        places.append(before[places[-1]])
    onsets = tuple(grid[place] for place in reversed(places))
    heights = tuple(_along(motif.heights, number / max(count - 1, 1)) for number in range(count))
    return Motif(onsets, tuple(weight > 0.5 for weight in wanted), heights)


def _grid(line_beats: int, line_bars: int, beat_seconds: float) -> list[float]:
    """Return the beats on which a syllable may begin; the last leaves a note of a beat before the breath."""
    step = next(step for step in (0.25, 0.5, 1.0) if step == 1.0 or step * beat_seconds >= MIN_ONSET_SECONDS)
    return [step * n for n in range(int((line_beats - BREATH_BEATS * line_bars - 1) / step) + 1)]


def _along(values: Sequence[float], share: float) -> float:
    """Return the value at a share (0..1) of the way through a sequence, interpolated."""
    place = share * (len(values) - 1)
    left = min(int(place), max(len(values) - 2, 0))
    right = min(left + 1, len(values) - 1)
    return values[left] + (values[right] - values[left]) * (place - left)
