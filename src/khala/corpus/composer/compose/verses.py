"""Verses: lines of templates and words of the open vocabulary, rhymed purely, by the vowel only, or not at all.

A held-out song may draw words that no other song sings (`split.is_unheard`).
"""

import random
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from khala.corpus.composer.compose.lexicon import words_by_class
from khala.corpus.composer.compose.lyrics import printed
from khala.corpus.composer.compose.templates import LISTS, TITLES, bare, is_place, templates
from khala.corpus.composer.compose.words import LEXICON, rhyme, stresses

RETURNING = ("chorus", "pre-chorus")
UNHEARD_SHARE = 0.7
"""Share of open places that a held-out song fills with held-out words, if their class has any."""
_PURE, _VOWEL = 0.55, 0.8
"""Share of second lines that rhyme, and of those that have at least the same last vowel."""
_TRIES = 60
"""Most lines drawn until one has a fitting length."""
_WORDS = 24
"""Most words drawn until one rhymes by chance; then all words of the class are searched."""


class LyricLine(NamedTuple):
    """A line of lyrics, as lower-case words of the lexicon and as printed."""

    words: tuple[str, ...]
    text: str


class Length(NamedTuple):
    """Smallest and largest number of syllables of a line."""

    least: int
    most: int


class Poet:
    """Writes the stanzas of one song, with held-out words if `unheard`."""

    def __init__(self, rng: random.Random, unheard: bool) -> None:
        self._rng = rng
        self._unheard = unheard

    def write(self, stanzas: Sequence[tuple[str, tuple[Length, ...]]]) -> list[tuple[LyricLine, ...]]:
        """Write the lines of every stanza, given its section name and the lengths of its lines.

        Choruses and pre-choruses recur word for word; in most choruses of four lines the third repeats the first, as it
        does in some other stanzas.
        """
        known: dict[str, tuple[LyricLine, ...]] = {}
        found = []
        for name, lengths in stanzas:
            stanza = known.get(name) or self._stanza(lengths, refrain=name == "chorus")
            if name in RETURNING:
                known[name] = stanza
            found.append(stanza)
        return found

    def _stanza(self, lengths: tuple[Length, ...], refrain: bool) -> tuple[LyricLine, ...]:
        alternate = len(lengths) % 4 == 0 and self._rng.random() < 0.5
        repeats = self._rng.random() < (0.6 if refrain else 0.12)
        lines: list[LyricLine] = []
        for number, length in enumerate(lengths):
            if repeats and number % 4 == 2:
                lines.append(lines[-2])
                continue
            partner = number - (2 if alternate else 1)
            answers = number % 4 >= 2 if alternate else number % 2 == 1
            lines.append(self._line(length, lines[partner] if answers else None))
        return tuple(lines)

    def _line(self, length: Length, partner: LyricLine | None) -> LyricLine:
        """Draw a line of fitting length that rhymes with its partner, or the nearest to it that was found."""
        draw = self._rng.random()
        rhymes = 0 if partner is None or draw > _VOWEL else 1 if draw > _PURE else 2
        best, distance = None, 10**6
        for _ in range(_TRIES):
            line = self._filled(self._rng.choice(templates()), partner, rhymes)
            size = sum(len(stresses(word)) for word in line.words)
            away = max(length.least - size, size - length.most, 0) + 50 * (size > length.most)
            if rhymes and partner and (away or not _alike(line.words[-1], partner.words[-1], rhymes)):
                away += 1
            if away < distance:
                best, distance = line, away
            if not away:
                break
        assert best is not None
        return best if distance < 50 else LyricLine(("oh",), "Oh")

    def _filled(self, template: tuple[str, ...], partner: LyricLine | None, rhymes: int) -> LyricLine:
        words: list[str] = []
        printed_words: list[str] = []
        for number, part in enumerate(template):
            place = bare(part)
            if is_place(place):
                last = number == len(template) - 1 and partner is not None and rhymes > 0
                word = self._rhyming(place, partner.words[-1], rhymes) if last and partner else self._word(place)
            else:
                word = place
            words.append(word)
            printed_words.append((word.capitalize() if place in TITLES else word) + part[len(place) :])
        for number, word in enumerate(words[:-1]):
            if word == "a" and LEXICON[words[number + 1]][0][-1].isdigit():
                words[number] = printed_words[number] = "an"
        return LyricLine(tuple(words), printed(printed_words))

    def _word(self, place: str) -> str:
        if place in LISTS:
            return self._rng.choice(LISTS[place].split())
        words, totals = _pool(place.lower(), self._unheard and self._rng.random() < UNHEARD_SHARE)
        return self._rng.choices(words, cum_weights=totals)[0]

    def _rhyming(self, place: str, other: str, rhymes: int) -> str:
        """Draw a word of a class that rhymes with another one, or any if there is none."""
        for _ in range(_WORDS):
            word = self._word(place)
            if _alike(word, other, rhymes):
                return word
        if place in LISTS:
            return word
        fitting = [word for word in _pool(place.lower(), False)[0] if _alike(word, other, rhymes)]
        return self._rng.choice(fitting) if fitting else word


def _alike(word: str, other: str, rhymes: int) -> bool:
    """Return whether two words rhyme (2), or have at least the same last vowel (1); no word rhymes with itself."""
    one, two = rhyme(word), rhyme(other)
    return word != other and (one == two if rhymes == 2 else one[0] == two[0])


@cache
def _pool(name: str, unheard: bool) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the words of a class with their cumulative weights; if none is held out, the others."""
    words = words_by_class(unheard).get(name) or words_by_class(False)[name]
    return tuple(words), tuple(accumulate(words.values()))
