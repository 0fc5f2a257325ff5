"""The outline of a song: its bars, its form and which line of the lyrics comes when, known before a note is.

A small model follows words better if it does not have to find all of that in them, as a band does with a count-in and
a conductor. It is shown the outline frame by frame: `cues` are row numbers of a table of learned vectors whose sum is
added to what the model reads (rhythm as in MusiConGen, arXiv 2407.15060; the time that is left as in Jukebox, arXiv
2005.00341; lines as in DiffRhythm, arXiv 2503.01183). Times are in codec frames.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

from khala.conditioning.styles import STYLE_TAGS
from khala.models.lm.config import PAD_ID
from khala.music.headers import SECTION_TAGS

STYLE_NAMES = tuple(STYLE_TAGS)
"""Styles that have a cue of their own."""
VOICES = ("none", "female", "male", "voice")
"""Who sings; "voice" is somebody."""

BEATS, TWELFTHS, BAR_PAIRS, LEFT, BARS_IN, BARS_TO_GO, LINES, LINE_LEFT = 4, 12, 64, 64, 8, 4, 16, 32


def _rows() -> Iterator[int]:
    """First row of each kind of cue, one kind after another, and at last the number of rows."""
    row = PAD_ID + 1
    sizes = (BEATS * TWELFTHS, BAR_PAIRS, LEFT, len(SECTION_TAGS) + 1, BARS_IN, BARS_TO_GO, LINES, 24, 32, len(VOICES))
    for size in (*sizes, LINE_LEFT):
        yield row
        row += size
    yield row


_BEAT, _BAR, _LEFT, _SECTION, _BAR_IN, _TO_GO, _LINE, _KEY, _STYLE, _VOICE, _LINE_LEFT, OUTLINE_ROWS = _rows()
NUM_CONDITIONS = 11
"""So many cues has a frame, of the table's first `OUTLINE_ROWS` rows."""
OUTLINE_FIRST_ROWS = {
    **{"beat": _BEAT, "bar": _BAR, "time_left": _LEFT, "section": _SECTION, "bars_in": _BAR_IN, "bars_to_go": _TO_GO},
    **{"line": _LINE, "key": _KEY, "style": _STYLE, "voice": _VOICE, "line_left": _LINE_LEFT},
}
"""Kind of cue -> the first of its rows."""


@dataclass(frozen=True)
class Part:
    """A part of the form: frames from `begin` to `end`; `name` is one of SECTION_TAGS or another."""

    begin: int
    end: int
    name: str


@dataclass(frozen=True)
class Outline:
    """What is known of a song of so many `frames`. `bar` is a bar's length (0: not known) with its number of `beats`.

    `lines` are the lines of the lyrics in order, from which frame to which each has its place. `key` is 0..11 for C to
    B major, 12..23 for minor, -1 if any will do; `style` is one of STYLE_NAMES or "", `voice` one of VOICES or "".
    """

    frames: int
    bar: int = 0
    beats: int = 4
    parts: tuple[Part, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    key: int = -1
    style: str = ""
    voice: str = ""

    @property
    def without_style_and_key(self) -> "Outline":
        """The same without what the words ask for: neither style nor key. Guidance leads away from it."""
        return replace(self, style="", key=-1)

    def condition_ids(self, begin: int, end: int, lines: range | None = None) -> list[list[int]]:
        """The rows for frames `begin` to `end`, `NUM_CONDITIONS` each. Of the lyrics only `lines` are known, if that is given:
        the first of them is number 0 of `line_condition`."""
        lines = range(len(self.lines)) if lines is None else lines
        unit = self.beats * (1 + self.beats % 2)  # of which the corpus's bars are multiples; others are told as these
        steady = [
            _BAR + min(max(unit * round(self.bar / unit) // 2, 1), BAR_PAIRS) - 1 if self.bar else PAD_ID,
            _KEY + self.key if self.key >= 0 else PAD_ID,
            _STYLE + STYLE_NAMES.index(self.style) if self.style in STYLE_NAMES else PAD_ID,
            _VOICE + VOICES.index(self.voice) if self.voice else PAD_ID,
        ]
        rows = []
        part = line = 0
        for frame in range(begin, end):
            while part < len(self.parts) and self.parts[part].end <= frame:
                part += 1
            while line < len(self.lines) and self.lines[line][1] <= frame:
                line += 1
            sung = line in lines and self.lines[line][0] <= frame
            moving = [self._beat(frame), _LEFT + _left(self.frames - frame), *self._place(part, frame)]
            its = [line_condition(line - lines.start), self._line_left(line, frame)] if sung else [PAD_ID, PAD_ID]
            rows.append([*moving, *its, *steady])
        return rows

    def to_dict(self, rate: float) -> dict[str, Any]:
        """The outline in seconds as JSON values, at so many frames a second: for people, and for who shows a song."""
        lines = [[round(begin / rate, 3), round(end / rate, 3)] for begin, end in self.lines]
        return {
            "bpm": round(60 * rate * self.beats / self.bar, 2) if self.bar else None,
            "beats": self.beats,
            "sections": [[part.name, round(part.begin / rate, 3), round(part.end / rate, 3)] for part in self.parts],
            "lines": lines,
        }

    def _beat(self, frame: int) -> int:
        if not self.bar:
            return PAD_ID
        return _BEAT + min(frame % self.bar * self.beats * TWELFTHS // self.bar, BEATS * TWELFTHS - 1)

    def _line_left(self, line: int, frame: int) -> int:
        return _LINE_LEFT + min((self.lines[line][1] - 1 - frame) // 2, LINE_LEFT - 1)

    def _place(self, number: int, frame: int) -> list[int]:
        """Section, how many bars into it, how many to go."""
        if number == len(self.parts) or self.parts[number].begin > frame:
            return [PAD_ID] * 3
        part = self.parts[number]
        name = SECTION_TAGS.index(part.name) if part.name in SECTION_TAGS else len(SECTION_TAGS)
        if not self.bar:
            return [_SECTION + name, PAD_ID, PAD_ID]
        bars_in, to_go = (frame - part.begin) // self.bar, (part.end - 1 - frame) // self.bar
        return [_SECTION + name, _BAR_IN + bars_in % BARS_IN, _TO_GO + to_go if to_go < BARS_TO_GO else PAD_ID]


def line_condition(number: int) -> int:
    """The row that a line of the lyrics shares with the frames in which it is sung; they come round again."""
    return _LINE + number % LINES


def prompt_rows(lines: Sequence[int | None]) -> list[int]:
    """The row of every id of a prompt, each of which belongs to a line of the lyrics or to none."""
    return [PAD_ID if line is None else line_condition(line) for line in lines]


def spread(parts: Sequence[Part], shares: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Where the lines are: one after another through each part, each as long as its share of that part's."""
    spans: list[tuple[int, int]] = []
    for part, its in zip(parts, shares, strict=True):
        edges = [part.begin + (part.end - part.begin) * edge // max(sum(its), 1) for edge in accumulate(its, initial=0)]
        spans += pairwise(edges)
    return tuple(spans)


def _left(frames: int) -> int:
    """Of the bins for the time that is left: in steps of four frames at the end, wider and wider before."""
    return max(frames, 0) // 4 if frames < 64 else min(16 + int(10 * math.log2(frames / 64)), LEFT - 1)
