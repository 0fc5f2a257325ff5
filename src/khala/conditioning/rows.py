"""The table of conditions: how many rows each kind of condition has, and which of them is the first.

Kinds follow one another in this order, behind `PAD_ID`. A new kind goes to the end: a model that was trained before has
a shorter table, in which all others have the rows that they had, and is not told what it has no row for.
"""

from collections.abc import Iterable
from itertools import accumulate

from khala.conditioning.singers import SINGER_ROWS
from khala.models.lm.config import PAD_ID
from khala.music.chords import CHORDS
from khala.music.headers import SECTION_TAGS
from khala.music.phones import PHONES

VOICES = ("none", "female", "male", "voice")
"""Who sings; "voice" is somebody."""
BEATS, TWELFTHS = 4, 12
"""Beats of a bar, and what each is divided into."""
STYLE_ROWS = 32
SIZES = {
    "beat": BEATS * TWELFTHS,
    "bar": 64,  # half a bar's length in frames
    "time_left": 64,
    "section": len(SECTION_TAGS) + 1,
    "bars_in": 8,
    "bars_to_go": 4,
    "line": 16,
    "key": 24,
    "style": STYLE_ROWS,
    "voice": len(VOICES),
    "line_left": 32,
    "phone": len(PHONES) + 1,
    "next_phone": len(PHONES),
    "phones_left": 32,
    "phone_frame": 16,
    "chord": CHORDS,
    "time_in": 64,
    "repeat": 8,  # how often a part of that name came before
    "singer": SINGER_ROWS,
    "frames_left": 16,  # of a phone
}
"""Kind of condition -> the number of its rows."""
FIRST_ROWS = dict(zip(SIZES, accumulate(SIZES.values(), initial=PAD_ID + 1), strict=False))
"""Kind of condition -> the first of its rows."""
CONDITION_ROWS = PAD_ID + 1 + sum(SIZES.values())
"""Rows of the whole table."""


def ends() -> dict[int, list[str]]:
    """The numbers of rows that a table may have -> the kinds in it."""
    kinds = list(SIZES)
    return {FIRST_ROWS[kind] + SIZES[kind]: kinds[: number + 1] for number, kind in enumerate(kinds)}


def within(ids: Iterable[int], rows: int) -> tuple[int, ...]:
    """Replace the condition ids that a table of so many rows does not have by `PAD_ID`."""
    return tuple(row if row < rows else PAD_ID for row in ids)
