"""Form: which sections a song of so many bars has, and how long they are."""

import random
from collections.abc import Iterator
from itertools import product

Plan = tuple[tuple[str, int], ...]
"""Section names with their bars."""

SHAPES = (
    ("verse", "chorus"),
    ("verse", "chorus", "inst", "chorus"),
    ("verse", "chorus", "verse", "chorus"),
    ("verse", "chorus", "verse", "chorus", "bridge", "chorus"),
)


def plan(target_bars: float, line_bars: int, rng: random.Random) -> Plan:
    """The form nearest to `target_bars`, intro first, outro (with the ring-out bar) last; ties are drawn.

    Verse and chorus hold two or four lines of `line_bars` bars; songs longer than a full form repeat verse and chorus.
    """
    best: list[Plan] = []
    distance = float("inf")
    for candidate in _candidates(target_bars, line_bars):
        bars = sum(bars for _, bars in candidate)
        away = max(abs(bars - target_bars), 0.5)  # half a bar either way is no worse than exact
        if away < distance - 1e-9:
            best, distance = [], away
        if away <= distance + 1e-9:
            best.append(candidate)
    return rng.choice(best)


def _candidates(target_bars: float, line_bars: int) -> Iterator[Plan]:
    short, long = 2 * line_bars, 4 * line_bars
    lengths = [(short, short), (short, long), (long, long)]
    rounds = max(0, int((target_bars - 6 * long) // (2 * short)) + 1)
    shapes = (*SHAPES, *(("verse", "chorus") * n + ("bridge", "chorus") for n in range(3, 3 + rounds)))
    for shape, (verse, chorus), intro, outro in product(shapes, lengths, (1, 2, 4), (1, 2)):
        size = {"verse": verse, "chorus": chorus, "inst": short, "bridge": short}
        yield (("intro", intro), *((name, size[name]) for name in shape), ("outro", outro))
