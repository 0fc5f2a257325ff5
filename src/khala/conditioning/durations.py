"""Plan when each phone of a song is sung, before the song: line by line, phone by phone, by a duration model.

A line begins so many frames after its place in the outline, then every phone lasts so many frames. What the model knows
of a phone are `FEATURES`: its neighbours, where its beginning lies in the bar, how much of the line is left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from khala.conditioning.outline import Outline
from khala.conditioning.phone_sequence import EARLY_FRAMES, LATE_FRAMES, REST, PhoneSequence
from khala.conditioning.singers import NATURAL, SINGER_NAMES
from khala.conditioning.styles import STYLE_NAMES
from khala.models.durations import CLASSES, DurationModel
from khala.music.errors import ModelError
from khala.music.headers import SECTION_TAGS
from khala.music.phones import LETTERS, PHONES
from khala.music.prompt import Prompt, lyric_lines

VOWELS = 16
"""So many phones, the first, are vowels."""
BEGIN = len(PHONES) + 1
"""Stands before a line's first phone; its duration is the line's offset from its place, and `LEAD_FRAMES` more."""
NOTHING = BEGIN + 1
"""Stands beyond the ends of a line."""
LEAD_FRAMES = 12
NEIGHBOURS = range(-2, 5)
WORD_NEIGHBOURS = range(-1, 4)
TEMPERATURE = 0.5
"""Of the draw of a duration: a rhythm, but rather a usual one."""

FEATURES = {
    **{f"phone {away:+d}": NOTHING + 1 for away in NEIGHBOURS},
    **{f"word begins {away:+d}": 2 for away in WORD_NEIGHBOURS},
    "phones so far": 16,
    "phones left": 32,
    "vowels left": 16,
    "half beats left": 40,
    "frames left for a vowel": 24,
    "frames left for a phone": 12,
    "twelfth of the beat": 12,
    "beat": 4,
    "frames to the next half beat": 16,
    "frames to the next beat": 24,
    "frames of a beat": 24,
    "frames of the phone before": 24,
    "frames of the one before that": 24,
    "frames since the last vowel began": 32,
    "style": len(STYLE_NAMES) + 1,
    "section": len(SECTION_TAGS) + 1,
    "singer": 3,
}
"""Kind of feature -> its number of values; the last one stands for any greater."""
FIRST_ROWS = tuple(accumulate(FEATURES.values(), initial=0))
FEATURE_ROWS = FIRST_ROWS[-1]


@dataclass(frozen=True)
class SungLine:
    """The phones of a line, numbers of `PHONES`, and which of them begin a word; a phone that repeats counts once."""

    phones: tuple[int, ...]
    word_begins: tuple[bool, ...]

    @property
    def tokens(self) -> tuple[int, ...]:
        """What has a duration: the line's beginning, then each phone."""
        return BEGIN, *self.phones


def sung_line(letters: str) -> SungLine:
    """The phones of a line of a prompt, which is written with LETTERS and blanks between words."""
    before = f" {letters}"
    marked = [(letter, last not in LETTERS) for last, letter in zip(before, letters, strict=False) if letter in LETTERS]
    runs = [next(run) for _, run in groupby(marked, key=lambda pair: pair[0])]
    return SungLine(tuple(LETTERS.index(letter) for letter, _ in runs), tuple(begins for _, begins in runs))


def sung_lines(prompt: Prompt) -> list[SungLine]:
    """The lines of a prompt's lyrics."""
    return [sung_line(str(text)) for text, line in zip(prompt, lyric_lines(prompt), strict=True) if line is not None]


class LineFeatures:
    """The features of a line's tokens in turn, each from the durations of those before it. `number` is the line's among
    the outline's."""

    def __init__(self, line: SungLine, outline: Outline, number: int) -> None:
        self.tokens = line.tokens
        self.place = outline.lines[number]
        beats = outline.beats if outline.bar else 4
        self.bar = outline.bar or 48
        self.beat = self.bar / beats
        padded = [NOTHING] * 2 + list(self.tokens) + [NOTHING] * NEIGHBOURS.stop
        self._phones = [[padded[at + 2 + away] for away in NEIGHBOURS] for at in range(len(self.tokens))]
        begins = [False] * 2 + list(line.word_begins) + [False] * WORD_NEIGHBOURS.stop
        self._words = [[int(begins[at + 1 + away]) for away in WORD_NEIGHBOURS] for at in range(len(self.tokens))]
        vowels = [token < VOWELS for token in self.tokens]
        self._vowels_left = [sum(vowels[at:]) for at in range(len(vowels))]
        middle = sum(self.place) // 2
        section = next((part.name for part in outline.parts if part.begin <= middle < part.end), "")
        singer = SINGER_NAMES.index(outline.singer) // NATURAL + 1 if outline.singer in SINGER_NAMES else 0
        self._steady = [_index(STYLE_NAMES, outline.style), _index(SECTION_TAGS, section), min(singer, 2)]

    def ids(self, durations: Sequence[int]) -> NDArray[np.int64]:
        """The rows of the features of the token that comes after those with these durations."""
        at = len(durations)
        now = self.place[0] - LEAD_FRAMES + sum(durations)
        left = max(self.place[1] - now, 0)
        phones_left = len(self.tokens) - at
        half = self.beat / 2
        phase = now % self.bar / self.beat
        since = next(
            (sum(durations[back:]) for back in range(at - 1, -1, -1) if self.tokens[back] < VOWELS),
            FEATURES["frames since the last vowel began"],
        )
        values = [
            *self._phones[at],
            *self._words[at],
            at,
            phones_left,
            self._vowels_left[at],
            int(left / half),
            left // max(self._vowels_left[at], 1),
            left // phones_left,
            int(phase % 1 * 12),
            int(phase),
            int(-now % half),
            int(-now % self.beat),
            int(self.beat),
            durations[-1] if at else 0,
            durations[-2] if at > 1 else 0,
            since,
            *self._steady,
        ]
        bounded = (min(value, size - 1) for value, size in zip(values, FEATURES.values(), strict=True))
        return np.array([row + value for row, value in zip(FIRST_ROWS, bounded, strict=False)], np.int64)


def require_features(model: DurationModel) -> None:
    """Raise ModelError if a duration model was trained on other features than this code has."""
    if model.rows.shape[0] != FEATURE_ROWS or model.head.shape[0] != CLASSES:
        raise ModelError("the duration model knows other features than this version of Khala; train it again")


def plan_timing(
    lines: Sequence[SungLine], phones: PhoneSequence, outline: Outline, frames: int, model: DurationModel, seed: int
) -> NDArray[np.int16]:
    """The index of `phones` in each of so many frames of a song. Lines beyond those of the outline are not sung.

    Lines with the same words in places of the same length are sung alike.
    """
    index = np.zeros(frames, np.int16)
    free = 0  # the first frame that no line before has taken
    for number, (line, start) in enumerate(zip(lines[: len(outline.lines)], phones.starts, strict=False)):
        begin, end = outline.lines[number]
        following = outline.lines[number + 1][0] if number + 1 < len(outline.lines) else outline.frames
        due = max(min(end + LATE_FRAMES, max(following, end)), free + len(line.phones))
        features = LineFeatures(line, outline, number)
        random = np.random.default_rng((seed, *line.phones, (end - begin), begin % features.bar))
        lead, *durations = _draw(features, model, random, max(free, begin - EARLY_FRAMES), due)
        at = begin - LEAD_FRAMES + lead
        for place, duration in enumerate(durations):
            index[at : at + duration] = start + place
            at += duration
        index[at:] = start + len(line.phones)
        free = at
    return index


def _draw(
    features: LineFeatures, model: DurationModel, random: np.random.Generator, earliest: int, due: int
) -> list[int]:
    """Draw the durations of a line that begins no earlier and, where its phones leave time, ends no later."""
    durations: list[int] = []
    origin = features.place[0] - LEAD_FRAMES
    for at in range(len(features.tokens)):
        left = len(features.tokens) - 1 - at
        least = max(earliest - origin, 0) if at == 0 else 1
        most = max(due - left - origin - sum(durations), least)
        first = 0 if at == 0 else 1
        legal = np.arange(CLASSES) + first
        logits = model.logits(features.ids(durations)).astype(np.float64) / TEMPERATURE
        logits += random.gumbel(size=CLASSES)
        logits[(legal < least) | (legal > most)] = -np.inf
        drawn = int(legal[np.argmax(logits)]) if np.isfinite(logits).any() else least
        durations.append(drawn)
    return durations


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) + 1 if name in names else 0


def line_targets(runs: Sequence[tuple[int, int]], line: SungLine, place: int) -> list[int] | None:
    """The durations of a line's tokens from what is sung in its frames: (phone, first frame) in order and, at last,
    (`REST`, the frame after it). None if that is something else than the line, or begins too far from its place."""
    if tuple(phone for phone, _ in runs[:-1]) != line.phones or runs[-1][0] != REST:
        return None
    edges = [place - LEAD_FRAMES, *(frame for _, frame in runs)]
    durations = [later - sooner for sooner, later in pairwise(edges)]
    return durations if 0 <= durations[0] < CLASSES else None


def targets(durations: Sequence[int]) -> Iterator[int]:
    """The classes of a line's durations: its lead counts from 0, a phone's frames from 1."""
    for at, duration in enumerate(durations):
        yield min(duration - (at > 0), CLASSES - 1)
