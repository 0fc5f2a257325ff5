"""The outline of a song: its bars, its form and its lines of lyrics, planned before a note is written.

A small model follows words better if it need not work all of that out from them, as a band does with a count-in and a
conductor. It is conditioned on the outline frame by frame: condition ids are rows of a table of learned vectors, whose
sum is added to the model's input (rhythm as in MusiConGen, arXiv 2407.15060; time left as in Jukebox, arXiv 2005.00341;
lines as in DiffRhythm, arXiv 2503.01183). Times are in codec frames.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, pairwise
from typing import Any, Self

from khala.conditioning.rows import BEATS, FIRST_ROWS, SIZES, TWELFTHS, VOICES
from khala.conditioning.singers import SINGER_NAMES
from khala.conditioning.styles import STYLE_NAMES
from khala.models.lm.config import PAD_ID
from khala.music.headers import SECTION_TAGS

KEYS = (
    *(f"{tonic} major" for tonic in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")),
    *(f"{tonic} minor" for tonic in ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")),
)
"""Keys by number, as in `Outline.key`."""
_BAR_PAIRS, _LEFT_BINS, _BARS_IN, _BARS_TO_GO, _LINES, _LINE_LEFT_BINS, _REPEATS = (
    SIZES[kind] for kind in ("bar", "time_left", "bars_in", "bars_to_go", "line", "line_left", "repeat")
)
_BEAT, _BAR, _LEFT, _SECTION, _BAR_IN, _TO_GO, _LINE, _KEY, _STYLE, _VOICE, _LINE_LEFT = list(FIRST_ROWS.values())[:11]
_CHORD, _TIME_IN, _REPEAT, _SINGER = (FIRST_ROWS[kind] for kind in ("chord", "time_in", "repeat", "singer"))
NUM_CONDITIONS = 15
"""Conditions of a frame."""


@dataclass(frozen=True)
class Part:
    """A part of the form: frames from `begin` to `end`; `name` is one of SECTION_TAGS or another."""

    begin: int
    end: int
    name: str


@dataclass(frozen=True)
class Outline:
    """A song of `frames` frames. `bar` is the length of a bar (0: not known), `beats` its number of beats; bars are
    counted from `first_bar` on, which is 0 unless the song was recorded elsewhere.

    `lines` are the places of the lines of lyrics in order, first frame and the one after the last. `key` is 0..11 for
    C to B major, 12..23 for minor, -1 for any; `style` is one of STYLE_NAMES or "", `voice` one of VOICES or "",
    `singer` one of SINGER_NAMES or "". `chords` are first frame, the one after the last and the number of
    `music.chords`, in order; where none is, the model chooses.
    """

    frames: int
    bar: int = 0
    beats: int = 4
    parts: tuple[Part, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    key: int = -1
    style: str = ""
    voice: str = ""
    singer: str = ""
    chords: tuple[tuple[int, int, int], ...] = ()
    first_bar: int = 0

    @property
    def without_wishes(self) -> "Outline":
        """The outline without style, key, chords and singer: without what is asked for. Guidance leads away from it."""
        return replace(self, style="", key=-1, singer="", chords=())

    def condition_ids(self, begin: int, end: int, lines: range | None = None) -> list[list[int]]:
        """The condition ids of frames `begin` to `end`, [frames][`NUM_CONDITIONS`]. With `lines` only those lines of
        the lyrics are known, and the first of them is number 0 of `line_condition`."""
        lines = range(len(self.lines)) if lines is None else lines
        unit = self.beats * (1 + self.beats % 2)  # the corpus's bars are multiples of it; others are rounded
        steady = [
            _BAR + min(max(unit * round(self.bar / unit) // 2, 1), _BAR_PAIRS) - 1 if self.bar else PAD_ID,
            _KEY + self.key if self.key >= 0 else PAD_ID,
            _STYLE + STYLE_NAMES.index(self.style) if self.style in STYLE_NAMES else PAD_ID,
            _VOICE + VOICES.index(self.voice) if self.voice else PAD_ID,
        ]
        singer = _SINGER + SINGER_NAMES.index(self.singer) if self.singer in SINGER_NAMES else PAD_ID
        names = [part.name for part in self.parts]
        repeats = [min(names[:number].count(name), _REPEATS - 1) for number, name in enumerate(names)]
        rows = []
        part = line = chord = 0
        for frame in range(begin, end):
            while part < len(self.parts) and self.parts[part].end <= frame:
                part += 1
            while line < len(self.lines) and self.lines[line][1] <= frame:
                line += 1
            while chord < len(self.chords) and self.chords[chord][1] <= frame:
                chord += 1
            sung = line in lines and self.lines[line][0] <= frame
            moving = [self._beat(frame), _LEFT + _left(self.frames - frame), *self._place(part, frame)]
            its = [line_condition(line - lines.start), self._line_left(line, frame)] if sung else [PAD_ID, PAD_ID]
            inside = part < len(self.parts) and self.parts[part].begin <= frame
            played = chord < len(self.chords) and self.chords[chord][0] <= frame
            later = [
                _CHORD + self.chords[chord][2] if played else PAD_ID,
                _TIME_IN + _left(frame),
                _REPEAT + repeats[part] if inside else PAD_ID,
                singer,
            ]
            rows.append([*moving, *its, *steady, *later])
        return rows

    def to_dict(self, rate: float) -> dict[str, Any]:
        """The outline as JSON values, times in seconds, at `rate` frames a second: for people and for pages. `key` is
        "C major" to "B minor", None for any."""
        lines = [[round(begin / rate, 3), round(end / rate, 3)] for begin, end in self.lines]
        return {
            "bpm": round(60 * rate * self.beats / self.bar, 2) if self.bar else None,
            "beats": self.beats,
            "key": KEYS[self.key] if self.key >= 0 else None,
            "style": self.style,
            "sections": [[part.name, round(part.begin / rate, 3), round(part.end / rate, 3)] for part in self.parts],
            "lines": lines,
        }

    def to_frames(self) -> dict[str, Any]:
        """The outline as JSON values, times in frames: all that `from_frames` needs."""
        return asdict(self)

    @classmethod
    def from_frames(cls, values: Mapping[str, Any]) -> Self:
        """Make an outline from the JSON values of `to_frames`. Raises ValueError, TypeError or KeyError."""
        known = dict(values)
        known["parts"] = tuple(Part(int(p["begin"]), int(p["end"]), str(p["name"])) for p in known["parts"])
        known["lines"] = tuple((int(begin), int(end)) for begin, end in known["lines"])
        known["chords"] = tuple((int(begin), int(end), int(chord)) for begin, end, chord in known["chords"])
        return cls(**known)

    def _beat(self, frame: int) -> int:
        if not self.bar:
            return PAD_ID
        within = (frame - self.first_bar) % self.bar
        return _BEAT + min(within * self.beats * TWELFTHS // self.bar, BEATS * TWELFTHS - 1)

    def _line_left(self, line: int, frame: int) -> int:
        return _LINE_LEFT + min((self.lines[line][1] - 1 - frame) // 2, _LINE_LEFT_BINS - 1)

    def _place(self, number: int, frame: int) -> list[int]:
        """The ids of the section, of the bars since its start and of the bars to its end."""
        if number == len(self.parts) or self.parts[number].begin > frame:
            return [PAD_ID] * 3
        part = self.parts[number]
        name = SECTION_TAGS.index(part.name) if part.name in SECTION_TAGS else len(SECTION_TAGS)
        if not self.bar:
            return [_SECTION + name, PAD_ID, PAD_ID]
        bars_in, to_go = (frame - part.begin) // self.bar, (part.end - 1 - frame) // self.bar
        return [_SECTION + name, _BAR_IN + bars_in % _BARS_IN, _TO_GO + to_go if to_go < _BARS_TO_GO else PAD_ID]


def line_condition(number: int) -> int:
    """The id that a line of the lyrics shares with the frames in which it is sung; ids repeat after `_LINES`."""
    return _LINE + number % _LINES


def prompt_rows(lines: Sequence[int | None]) -> list[int]:
    """The condition ids of a prompt, each of whose token ids belongs to a line of the lyrics or to none."""
    return [PAD_ID if line is None else line_condition(line) for line in lines]


def place_lines(parts: Sequence[Part], shares: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """The places of the lines: one after another through each part, each as long as its share of the part's."""
    spans: list[tuple[int, int]] = []
    for part, its in zip(parts, shares, strict=True):
        edges = [part.begin + (part.end - part.begin) * edge // max(sum(its), 1) for edge in accumulate(its, initial=0)]
        spans += pairwise(edges)
    return tuple(spans)


def _left(frames: int) -> int:
    """The bin of the time left: four frames wide at the end of the song, wider and wider before."""
    return max(frames, 0) // 4 if frames < 64 else min(16 + int(10 * math.log2(frames / 64)), _LEFT_BINS - 1)
