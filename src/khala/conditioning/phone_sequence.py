"""The phones of a song in order, and the conditions that follow them: what is sung in a frame, what comes next.

A model that is conditioned on an outline (`conditioning.outline`) is conditioned on this, too. In training the corpus
knows what is sung; a song in the making is aligned with its phones (`PhoneSequence`) frame by frame.
"""

from bisect import bisect, bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from khala.conditioning.rows import FIRST_ROWS, SIZES
from khala.models.lm.config import PAD_ID
from khala.music.phones import LETTERS, PHONES
from khala.music.prompt import Prompt, lyric_lines

REST = len(PHONES)
"""The number that stands for silence of the voice."""
UNKNOWN_PHONE = 255
"""The number that stands for a phone that is not known."""
PHONE_IDS = (*map(ord, LETTERS), ord(" "))
"""Token ids of `PHONES` and `REST`: Khala's tokenizers give bytes their values."""
_NOW, _NEXT, _LEFT, _HELD, _FRAMES_LEFT = (
    FIRST_ROWS[kind] for kind in ("phone", "next_phone", "phones_left", "phone_frame", "frames_left")
)
MAX_PHONES_LEFT, MAX_HELD_FRAMES, MAX_FRAMES_LEFT = (
    SIZES[kind] for kind in ("phones_left", "phone_frame", "frames_left")
)
"""Phones left of a line, frames of a phone so far and frames left of it are counted up to here."""
PHONE_CONDITIONS = 5
"""Phone conditions of a frame: the phone, the next one of its line, how many are left of the line, which of the
phone's frames it is, and how many more follow, where that is known."""
NO_PHONE_CONDITIONS = (PAD_ID,) * PHONE_CONDITIONS
"""The phone conditions where it is not known what is sung."""
MIN_FRAMES_PER_PHONE = 1.5
"""Where time gets short; half of the corpus's phones are longer than 2.2 frames."""
EARLY_FRAMES, LATE_FRAMES = 4, 6
"""A line begins no earlier before its place, as 99 of 100 in the corpus do, and ends no later after it."""


@dataclass(frozen=True)
class PhoneSequence:
    """The phones of a song in order, with a rest before the first line, after the last, and between two.

    `phones` holds their numbers in `PHONES`, or `REST`; `starts` holds the index of each line's first phone.
    """

    phones: tuple[int, ...] = (REST,)
    starts: tuple[int, ...] = ()

    @property
    def _rests(self) -> list[int]:
        """The index of the rest after each line."""
        return [*(start - 1 for start in self.starts[1:]), len(self.phones) - 1][: len(self.starts)]

    def condition_ids(self, places: Iterable[int], timed: bool = True) -> list[tuple[int, ...]]:
        """The condition ids of frames in which a song is at these indices of `phones`, [T][`PHONE_CONDITIONS`]. Of the
        last phone it is not known how long it lasts; `timed` False says so of all."""
        rows: list[tuple[int, ...]] = []
        runs = [(at, len(list(frames))) for at, frames in groupby(places)]
        for number, (at, length) in enumerate(runs, 1):
            phone = self.phones[at]
            line = bisect(self.starts, at + (phone == REST)) - 1
            left = self._rests[line] - at - 1 if line >= 0 and at < len(self.phones) - 1 else 0
            following = self.phones[at + 1] if left else REST
            rows += _run(phone, following, left, length, timed and number < len(runs))
        return rows

    def alignment_bounds(self, places: Sequence[tuple[int, int]], frames: int) -> tuple[list[int], list[int]]:
        """The lowest and the highest index of `phones` in each frame of a song whose lines have `places` in time.

        A line begins no earlier than shortly before its place. It is hurried, to `MIN_FRAMES_PER_PHONE` or as fast as
        need be, where it would not end in time: shortly after its place, or before the next one must be hurried."""
        low, high = [0] * frames, [len(self.phones) - 1] * frames
        if len(places) < len(self.starts):  # the rest is not sung
            high = [self.starts[len(places)] - 1] * frames
        due = frames
        for (begin, end), start, rest in reversed(list(zip(places, self.starts, self._rests, strict=False))):
            first = max(begin - EARLY_FRAMES, 0)
            high[:first] = [min(bound, start - 1) for bound in high[:first]]
            due = max(min(end + LATE_FRAMES, due), first + 1)
            pace = min(MIN_FRAMES_PER_PHONE, (due - first) / (rest - start))
            for frame in range(frames):
                behind = rest - int(max(due - frame, 0) / pace)
                if behind >= start:
                    low[frame] = max(low[frame], behind)
            due -= round(pace * (rest - start))
        return [min(pair) for pair in zip(low, high, strict=True)], high

    def line_spans(self, places: Sequence[int]) -> list[tuple[int, int, float] | None]:
        """First frame, the frame after the last, and the share of its phones that is sung, for each line of a song
        whose frames have these indices of `phones`; None for a line that it never reached."""
        spans: list[tuple[int, int, float] | None] = []
        for start, rest in zip(self.starts, self._rests, strict=True):
            begin, end = bisect_left(places, start), bisect_left(places, rest)
            spans.append((begin, end, len(set(places[begin:end])) / (rest - start)) if begin < end else None)
        return spans

    def word_spans(self, line: int, words: Sequence[str], places: Sequence[int]) -> list[tuple[float, float] | None]:
        """First frame and the frame after the last of each word of a line, whose words have these phones (characters of
        `LETTERS`), in a song whose frames have these indices of `phones`; None for a word that is not sung.

        Where two words meet in a phone, which counts once, each has half of it. None at all if the line has other
        phones."""
        merged, edges = "", []
        for letters in words:
            first = len(merged) - bool(letters and merged.endswith(letters[0]))
            for letter in letters:
                merged += letter if letter != merged[-1:] else ""
            edges.append((first, len(merged)))
        start = self.starts[line]
        if self.phones[start : self._rests[line]] != tuple(map(LETTERS.index, merged)):
            return [None] * len(words)
        frames = [bisect_left(places, start + at) for at in range(len(merged) + 1)]
        spans: list[tuple[float, float] | None] = []
        before = -1  # the last word with phones
        for number, (first, end) in enumerate(edges):
            begin, until = float(frames[first]), float(frames[end])
            if first < end and before >= 0 and first < edges[before][1] and (met := spans[before]):
                begin = (max(begin, met[0]) + met[1]) / 2
                spans[before] = (met[0], begin)
            spans.append((begin, until) if first < end and begin < until else None)
            before = number if first < end else before
        return spans


def phones_of_prompt(prompt: Prompt) -> PhoneSequence:
    """The phones of a prompt whose lyrics are phones (`music.phones.phonetic`); of an instrumental, one rest. A phone
    that repeats at once counts once. ValueError for a line without any: `singable` leaves those out."""
    phones, starts = [REST], []
    for segment, line in zip(prompt, lyric_lines(prompt), strict=True):
        if line is None:
            continue
        said = [LETTERS.index(letter) for letter, _ in groupby(c for c in str(segment) if c in LETTERS)]
        if not said:
            raise ValueError(f"there is nothing to sing in {segment!r}")
        starts.append(len(phones))
        phones += [*said, REST]
    return PhoneSequence(tuple(phones), tuple(starts))


def phone_condition_ids(phone: int, following: int, left: int, frame: int, more: int | None = None) -> tuple[int, ...]:
    """The condition ids of a frame: the phone, the next one of the line (`REST`: none), how many are left of the line,
    which frame of the phone this is, from 0, and how many more follow (None: not known)."""
    after = _NEXT + following if following != REST else PAD_ID
    to_go = PAD_ID if more is None else _FRAMES_LEFT + min(more, MAX_FRAMES_LEFT - 1)
    return _NOW + phone, after, _LEFT + min(left, MAX_PHONES_LEFT - 1), _HELD + min(frame, MAX_HELD_FRAMES - 1), to_go


def without_phones(rows: Iterable[Sequence[int]]) -> list[list[int]]:
    """The condition ids of frames, with those of the phones replaced by unknown ones."""
    return [[*row[:-PHONE_CONDITIONS], *NO_PHONE_CONDITIONS] for row in rows]


def without_timing(rows: Iterable[Sequence[int]]) -> list[list[int]]:
    """The condition ids of frames, with how long the phones last not known."""
    return [[*row[:-1], PAD_ID] for row in rows]


def _run(phone: int, following: int, left: int, length: int, timed: bool) -> list[tuple[int, ...]]:
    """The condition ids of the `length` frames of a phone, in order."""
    return [
        phone_condition_ids(phone, following, left, frame, length - 1 - frame if timed else None)
        for frame in range(length)
    ]


def frame_conditions(phones: Sequence[int], begins: Sequence[int]) -> list[tuple[int, ...]]:
    """The phone conditions of consecutive frames, [T][`PHONE_CONDITIONS`], from their phones: numbers of `PHONES`,
    `REST` or, throughout, `UNKNOWN_PHONE`. `begins` are the frames in which lines begin, counted alike. How long the
    last phone lasts is not known: it may go on behind these frames."""
    runs = [(phone, len(list(frames))) for phone, frames in groupby(phones)]
    edges = accumulate((length for _, length in runs), initial=0)
    lines = [bisect(begins, edge) for edge in edges]
    rows: list[tuple[int, ...]] = []
    following, left, line = REST, 0, -1  # of what is sung after the run at hand
    for number in range(len(runs) - 1, -1, -1):
        phone, length = runs[number]
        if phone == UNKNOWN_PHONE:
            return [NO_PHONE_CONDITIONS] * len(phones)
        timed = number < len(runs) - 1
        if phone == REST:
            rows += reversed(_run(REST, following, left, length, timed))
            continue
        if lines[number] != line:
            following, left, line = REST, 0, lines[number]
        rows += reversed(_run(phone, following, left, length, timed))
        following, left = phone, left + 1
    return rows[::-1]
