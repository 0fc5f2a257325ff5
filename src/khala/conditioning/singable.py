"""Reduce lyrics to what a model can sing that reads phones, and split long lines for it."""

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise

from khala.music.phones import LETTERS, phonetic, pronounce
from khala.music.reading import Lyrics, Row

MOST_PHONES, USUAL_PHONES = 40, 26
"""A line of more than MOST_PHONES is sung as several of about USUAL_PHONES: the corpus has no longer ones."""


@dataclass(frozen=True)
class Singable:
    """Lyrics as a model sings them. `sources` holds, for each line of `lyrics`, the number of the given line that it is
    (a part of); `left_out` the given lines that are sung nowhere, `partly` those with words left out."""

    lyrics: Lyrics
    sources: tuple[int, ...]
    left_out: tuple[int, ...] = ()
    partly: tuple[int, ...] = ()


def as_spelled(lyrics: Lyrics) -> Singable:
    """All lyrics, for models that read spelling."""
    return Singable(lyrics, tuple(range(len(lyrics.lines))))


def in_phones(lyrics: Lyrics) -> Singable:
    """Lyrics for models that know English phones alone: without words in other scripts and lines that are mostly such
    words, and with long lines split where they pause."""
    rows: list[Row] = []
    sources, left_out, partly = [], [], []
    number = -1
    for row in lyrics.rows:
        if not row.sung:
            rows.append(row)
            continue
        number += 1
        sung = _sung_words(row.text)
        if not sung:
            left_out.append(number)
            continue
        if sung != row.text:
            partly.append(number)
        for part in _parts(sung):
            rows.append(replace(row, text=part))
            sources.append(number)
    headed = [replace(row, text=row.header) if row.header else row for row in rows]
    return Singable(replace(lyrics, rows=tuple(headed)), tuple(sources), tuple(left_out), tuple(partly))


@lru_cache(4096)
def count_phones(line: str) -> int:
    """The number of phones sung in a line."""
    return sum(letter in LETTERS for letter in phonetic(line))


def _sung_words(line: str) -> str:
    """A line without words that have no phones; "" if those are most of it."""
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", line)
    foreign = [word for word in words if pronounce(word) is None]
    if not foreign:
        return line if count_phones(line) else ""
    if sum(map(len, foreign)) * 2 > sum(map(len, words)):
        return ""
    for word in foreign:
        line = line.replace(word, " ", 1)
    return " ".join(line.split())


def _parts(line: str) -> list[str]:
    """Split a line into as few parts as keep to about `MOST_PHONES`, each about as long, rather behind a comma. What is
    in round brackets answers the line before, as a whole."""
    total = count_phones(line)
    if total <= MOST_PHONES or line.startswith("("):
        return [line]
    words = line.split()
    sums = list(accumulate(map(count_phones, words)))
    count = math.ceil(total / USUAL_PHONES)

    def distance(edge: int, ideal: float) -> float:
        return abs(sums[edge - 1] - ideal) - (USUAL_PHONES / 3 if words[edge - 1][-1] in ",.;:!?-" else 0)

    ideals = (total * part / count for part in range(1, count))
    edges = {min(range(1, len(words)), key=lambda edge: distance(edge, ideal)) for ideal in ideals if len(words) > 1}
    return [" ".join(words[begin:end]) for begin, end in pairwise((0, *sorted(edges), len(words)))]
