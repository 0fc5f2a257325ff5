"""Form: the sections of a song of a given length, and their bars."""

import random
from collections.abc import Iterator
from itertools import product

Parts = tuple[tuple[str, int], ...]
"""Section names with their bars, in order."""

SHORT_FORMS = (
    ("verse", "chorus"),
    ("verse", "chorus", "inst", "chorus"),
    ("verse", "pre-chorus", "chorus"),
    ("verse", "chorus", "verse", "chorus"),
    ("verse", "pre-chorus", "chorus", "inst", "chorus"),
    ("verse", "pre-chorus", "chorus", "verse", "pre-chorus", "chorus"),
    ("verse", "chorus", "verse", "chorus", "bridge", "chorus"),
)
"""Sections between intro and outro of a song of up to about two minutes."""
LONG_FORM_ROUNDS = (("verse", "chorus"), ("verse", "pre-chorus", "chorus"))
LONG_FORM_ENDS = (
    ("bridge", "chorus"),
    ("inst", "chorus"),
    ("bridge", "inst", "chorus"),
    ("inst", "bridge", "chorus", "chorus"),
)
"""A longer song has one of the rounds two to four times, then one of the ends."""


def draw_form(target_bars: float, line_bars: int, rng: random.Random) -> Parts:
    """Return the form nearest to `target_bars`, drawn among equals.

    Verses and choruses hold two, four or eight lines of `line_bars` bars, a pre-chorus two or four. The outro's last
    bar is for the ring-out. Every second interlude is a solo. Eight lines are for songs of several verses.
    """
    best: list[Parts] = []
    distance = float("inf")
    for candidate in _candidates(target_bars, line_bars):
        away = max(abs(sum(bars for _, bars in candidate) - target_bars), 1.0)  # within a bar all are equal
        if away < distance:
            best, distance = [], away
        if away == distance:
            best.append(candidate)
    chosen, break_name = rng.choice(best), rng.choice(("inst", "solo"))
    return tuple((break_name if name == "inst" else name, bars) for name, bars in chosen)


def _candidates(target_bars: float, line_bars: int) -> Iterator[Parts]:
    two, four, eight = 2 * line_bars, 4 * line_bars, 8 * line_bars
    longer = [one * count + end for one, count, end in product(LONG_FORM_ROUNDS, (2, 3, 4), LONG_FORM_ENDS)]
    lengths = ((two, two), (two, four), (four, four), (four, eight), (eight, four), (eight, eight))
    for shape, (verse, chorus), intro, outro in product((*SHORT_FORMS, *longer), lengths, (1, 2, 4, 8), (1, 2, 3, 4)):
        if max(intro, outro) <= verse and (eight not in (verse, chorus) or shape.count("verse") > 1):
            bars = {"verse": verse, "pre-chorus": min(verse, four) // 2, "chorus": chorus, "bridge": min(verse, four)}
            bars["pre-chorus"] = max(bars["pre-chorus"], two)
            bars["inst"] = min(verse, four)
            if abs(intro + outro + sum(bars[name] for name in shape) - target_bars) <= eight + four:
                yield (("intro", intro), *((name, bars[name]) for name in shape), ("outro", outro))
