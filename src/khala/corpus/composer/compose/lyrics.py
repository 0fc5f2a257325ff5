"""Lyrics: rhymed lines that scan, drawn from phrases.

A line scans if every syllable fits its place in the meter: stressed syllables of long words are strong, the others
weak. Words of one syllable are freer: articles are weak, words that carry meaning rarely are.
"""

import random
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from khala.corpus.composer.compose.meter import METERS
from khala.corpus.composer.compose.phrases import ADVERBIALS, DIRECTIONS, MOTIONS, STATES, WHOLE_LINES
from khala.corpus.composer.compose.themes import THEMES
from khala.corpus.composer.compose.words import LIGHT, rhyme, stresses

Words = tuple[str, ...]
_ARTICLES = frozenset({"a", "an", "the"})
BENT = frozenset({"into", "over", "under", "after", "only", "never", "without", "inside", "across", "beside", "before"})
"""Words of two syllables that songs stress on either."""
_RETURNING = ("chorus", "pre-chorus")
_CLASH = 1.0
"""Most misplaced words of one syllable per line, half a point each: words of meaning on weak places, light words on
strong ones."""


class Ending(NamedTuple):
    """The rhyming end of a line: its `words`, the syllables `before` it, whether it needs a verb of `motion`."""

    words: Words
    before: int
    motion: bool


def write(rng: random.Random, stanzas: Sequence[tuple[str, tuple[int, ...]]]) -> list[tuple[Words, ...]]:
    """Write the words of every stanza, given its section name and the syllables of its lines.

    All are about one theme; chorus and pre-chorus recur word for word, and in a chorus of four lines the third repeats
    the first.
    """
    theme = frozenset(rng.choice(list(THEMES.values())))
    used: set[Words] = set()
    known: dict[str, tuple[Words, ...]] = {}
    found = []
    for name, syllables in stanzas:
        stanza = known.get(name) or _stanza(rng, theme, syllables, used, refrain=name == "chorus")
        if name in _RETURNING:
            known[name] = stanza
        found.append(stanza)
    return found


def printed(words: Sequence[str], answer: bool = False) -> str:
    """Return a line as printed: a capital at its start and for "I", "I'm", ...; an answer in brackets, without it."""
    text = " ".join(word[0].upper() + word[1:] if re.match(r"i\b", word) else word for word in words)
    return f"({text})" if answer else text[0].upper() + text[1:]


def rhymes(syllables: tuple[int, ...], refrain: bool) -> tuple[int, ...]:
    """Return the rhyme of every line: alternating if long and short lines do or in a refrain, else couplets."""
    if len(syllables) == 4 and (refrain or syllables[0] != syllables[1]):
        return (0, 1, 0, 1)
    return tuple(number // 2 for number in range(len(syllables)))


def _stanza(
    rng: random.Random, theme: frozenset[str], syllables: tuple[int, ...], used: set[Words], refrain: bool
) -> tuple[Words, ...]:
    lines: dict[int, Words] = {}
    scheme = rhymes(syllables, refrain)
    for group in sorted(set(scheme)):
        places = [number for number, member in enumerate(scheme) if member == group]
        family = _family(rng, theme, [syllables[number] for number in places])
        last: set[str] = set()
        for number in places:
            if refrain and number == 2:
                lines[number] = lines[0]
                continue
            lines[number] = _line(rng, theme, syllables[number], family, used, last)
            last.add(lines[number][-1])
    return tuple(lines[number] for number in range(len(syllables)))


def _family(rng: random.Random, theme: frozenset[str], syllables: list[int]) -> Words:
    """Draw a rhyme with enough last words in each of the meters, with words of the theme more likely."""
    tables = [_last_words(count) for count in syllables]
    families = [family for family in tables[0] if all(len(t.get(family, ())) >= len(tables) for t in tables)]
    weights = [1 + 6 * len(theme & tables[0][family]) for family in families]
    return rng.choices(families, weights)[0]


def _line(
    rng: random.Random, theme: frozenset[str], syllables: int, family: Words, used: set[Words], last: set[str]
) -> Words:
    """Draw a line of a rhyme that ends on none of the `last` words; `used` phrases recur only if nothing else fits."""

    def weight(phrase: Words) -> float:
        return (1 + 8 * len(theme.intersection(phrase))) * (1e-6 if phrase in used else 1)

    endings = [ending for ending in _endings(syllables)[family] if ending.words[-1] not in last]
    ending = rng.choices(endings, [weight(ending.words) for ending in endings])[0]
    opening: Words = ()
    if ending.before:
        openings = [
            words for words in _openings(syllables, ending.before, ending.motion) if _apart(words, ending.words)
        ]
        opening = rng.choices(openings, [weight(words) for words in openings])[0]
    used.update((opening, ending.words))
    return opening + ending.words


def _apart(opening: Words, ending: Words) -> bool:
    """Return whether two phrases share no word of meaning."""
    return not set(opening).intersection(ending) - LIGHT


@cache
def _openings(syllables: int, size: int, motion: bool) -> tuple[Words, ...]:
    """Return openings of `size` syllables that scan at the start of a line; those of motion only, or all."""
    meter = METERS[syllables][:size]
    phrases = MOTIONS if motion else (*MOTIONS, *STATES)
    return tuple(words for words in phrases if _scans(words, meter))


@cache
def _endings(syllables: int) -> dict[Words, tuple[Ending, ...]]:
    """Return endings (and whole lines), by rhyme, that scan at the end of a line and for which an opening exists."""
    meter = METERS[syllables]
    found: dict[Words, list[Ending]] = {}
    for phrases, motion in ((WHOLE_LINES, False), (ADVERBIALS, False), (DIRECTIONS, True)):
        for words in phrases:
            before = syllables - sum(len(stresses(word)) for word in words)
            if before < 0 or (before == 0) != (phrases is WHOLE_LINES) or not _scans(words, meter[before:]):
                continue
            if before == 0 or any(_apart(opening, words) for opening in _openings(syllables, before, motion)):
                found.setdefault(rhyme(words[-1]), []).append(Ending(words, before, motion))
    return {family: tuple(endings) for family, endings in found.items()}


@cache
def _last_words(syllables: int) -> dict[Words, frozenset[str]]:
    """Return the last words of every rhyme in a meter."""
    return {family: frozenset(end.words[-1] for end in endings) for family, endings in _endings(syllables).items()}


def _scans(words: Words, meter: str) -> bool:
    """Return whether words fill a stretch of meter, each syllable in a fitting place."""
    place, clash = 0, 0.0
    for word in words:
        pattern = stresses(word)
        marks = meter[place : place + len(pattern)]
        place += len(pattern)
        if len(marks) < len(pattern):
            return False
        if len(pattern) > 1:
            if word not in BENT and any((s == 1) != (m == "1") for s, m in zip(pattern, marks, strict=True) if s != 2):
                return False
        elif marks == "1":
            if word in _ARTICLES:
                return False
            clash += 0.5 * (word in LIGHT)
        else:
            clash += 0.5 * (word not in LIGHT)
    return place == len(meter) and clash <= _CLASH
