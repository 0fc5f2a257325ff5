"""Form: which sections a song of so many bars has, and how long they are."""

import random
from collections.abc import Iterator
from itertools import product

Parts = tuple[tuple[str, int], ...]
"""Section names with their bars, in order."""

SHAPES = (
    ("verse", "chorus"),
    ("verse", "chorus", "inst", "chorus"),
    ("verse", "pre-chorus", "chorus"),
    ("verse", "chorus", "verse", "chorus"),
    ("verse", "pre-chorus", "chorus", "inst", "chorus"),
    ("verse", "pre-chorus", "chorus", "verse", "pre-chorus", "chorus"),
    ("verse", "chorus", "verse", "chorus", "bridge", "chorus"),
)
"""What stands between intro and outro; longer songs repeat verse and chorus before the bridge."""


def plan(target_bars: float, line_bars: int, lots: random.Random) -> Parts:
    """The form nearest to `target_bars`, ties drawn.

    Verses and choruses hold two or four lines of `line_bars` bars, a pre-chorus two. The outro's last bar is for the
    ring-out. Every second interlude is a solo.
    """
    best: list[Parts] = []
    distance = float("inf")
    for candidate in _candidates(target_bars, line_bars):
        away = max(abs(sum(bars for _, bars in candidate) - target_bars), 1.0)  # within a bar all are as good
        if away < distance:
            best, distance = [], away
        if away == distance:
            best.append(candidate)
    chosen, break_name = lots.choice(best), lots.choice(("inst", "solo"))
    return tuple((break_name if name == "inst" else name, bars) for name, bars in chosen)


def _candidates(target_bars: float, line_bars: int) -> Iterator[Parts]:
    short, long = 2 * line_bars, 4 * line_bars
    most = int(target_bars / (short + short)) + 1
    longer = (("verse", "chorus") * rounds + ("bridge", "chorus") for rounds in range(3, most + 1))
    lengths = ((short, short), (short, long), (long, long))
    for shape, (verse, chorus), intro, outro in product((*SHAPES, *longer), lengths, (1, 2, 4), (1, 2, 3)):
        if intro <= short:
            bars = {"verse": verse, "pre-chorus": short, "chorus": chorus, "inst": verse, "bridge": verse}
            yield (("intro", intro), *((name, bars[name]) for name in shape), ("outro", outro))
