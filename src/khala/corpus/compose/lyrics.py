"""Lyrics: rhymed lines that scan, drawn from phrases and gathered into verses, a chorus and a bridge.

A line scans when every syllable may stand at its place of the meter: stressed syllables of long words strong, their weak
ones weak; words of one syllable are free, except that articles are weak and a line ends on a stressed syllable.
"""

import random
from dataclasses import dataclass
from functools import cache

from khala.corpus.compose.meter import METERS
from khala.corpus.compose.phrases import ENDINGS, LINES, OPENINGS, THEMES
from khala.corpus.compose.words import rhyme, stresses

_WEAK = frozenset({"a", "an", "the"})
_FREE = frozenset(
    {"into", "over", "under", "after", "only", "never", "without", "inside", "across", "beside", "before"}
)
_LIGHT = frozenset(
    ["i", "you", "we", "my", "your", "me", "to", "of", "and", "in", "on", "by", "at", "as", "is", "are", "am", "was", "be", "for", "with", "from", "like", "it", "that", "till"]
)


@dataclass(frozen=True)
class Line:
    """A line of lyrics: its `words` in lower case, its meter by number of `syllables`."""

    words: tuple[str, ...]
    syllables: int

    @property
    def text(self) -> str:
        """As printed: a capital at the start and for "I"."""
        text = " ".join("I" if word == "i" else word for word in self.words)
        return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Lyrics:
    """The words of a song: `verses` in order, one `chorus`, one `bridge`; `theme` is a key of `THEMES`."""

    theme: str
    verses: tuple[tuple[Line, ...], ...]
    chorus: tuple[Line, ...]
    bridge: tuple[Line, ...]


def write(
    rng: random.Random,
    verse: tuple[int, ...],
    chorus: tuple[int, ...],
    bridge: tuple[int, ...],
    verses: int,
) -> Lyrics:
    """Lyrics on one theme; `verse`, `chorus` and `bridge` give the syllables of their lines."""
    theme = rng.choice(sorted(THEMES))
    used: set[tuple[str, ...]] = set()
    refrain = _stanza(rng, theme, chorus, used, refrain=True)
    return Lyrics(
        theme,
        tuple(_stanza(rng, theme, verse, used) for _ in range(verses)),
        refrain,
        _stanza(rng, theme, bridge, used) if bridge else (),
    )


def rhyme_scheme(meters: tuple[int, ...], refrain: bool = False) -> tuple[int, ...]:
    """Rhyme group of every line: couplets, alternating when the meters alternate; a refrain of four lines has one or two."""
    if len(meters) == 4 and meters[0] != meters[1]:
        return (0, 1, 0, 1)
    if len(meters) == 4 and refrain:
        return (0, 0, 0, 0)
    return tuple(n // 2 for n in range(len(meters)))


def _stanza(
    rng: random.Random, theme: str, meters: tuple[int, ...], used: set[tuple[str, ...]], refrain: bool = False
) -> tuple[Line, ...]:
    """Rhymed lines; the third line of a four-line refrain is its first again."""
    scheme = rhyme_scheme(meters, refrain)
    lines: dict[int, Line] = {}
    for group in sorted(set(scheme)):
        places = [n for n, member in enumerate(scheme) if member == group and not (refrain and n == 2)]
        family = _family(rng, theme, [meters[n] for n in places])
        last_words: set[str] = set()
        for place in places:
            line = _draw(rng, theme, meters[place], family, used, last_words)
            last_words.add(line.words[-1])
            used.update(line.words[n : n + 3] for n in range(len(line.words) - 2))
            lines[place] = line
    if refrain and len(meters) == 4:
        lines[2] = lines[0]
    return tuple(lines[n] for n in range(len(meters)))


def _family(rng: random.Random, theme: str, syllables: list[int]) -> tuple[str, ...]:
    """A rhyme that has enough last words in each of the meters, likelier when it carries words of the theme."""
    tables = [lines_by_rhyme(count) for count in syllables]
    families = [
        family
        for family in sorted(tables[0])
        if all(len({line.words[-1] for line in table.get(family, ())}) >= len(syllables) for table in tables)
    ]
    words = THEMES[theme]
    weights = [
        1 + 4 * sum(any(word in line.words[-1] for line in tables[0][family]) for word in words) for family in families
    ]
    return rng.choices(families, weights)[0]


def _draw(
    rng: random.Random,
    theme: str,
    syllables: int,
    family: tuple[str, ...],
    used: set[tuple[str, ...]],
    last_words: set[str],
) -> Line:
    """A line of a rhyme, likelier when it speaks of the theme, unlikely when it says again what was said."""
    candidates = [line for line in lines_by_rhyme(syllables)[family] if line.words[-1] not in last_words]
    words = THEMES[theme]
    weights = []
    for line in candidates:
        weight = 1.0 + 8 * sum(word in words for word in line.words)
        if any(line.words[n : n + 3] in used for n in range(len(line.words) - 2)):
            weight *= 1e-3
        weights.append(weight)
    return rng.choices(candidates, weights)[0]


@cache
def lines_by_rhyme(syllables: int) -> dict[tuple[str, ...], tuple[Line, ...]]:
    """Every line that scans with so many syllables, by the rhyme of its last word."""
    meter = METERS[syllables]
    found: dict[tuple[str, ...], dict[tuple[str, ...], Line]] = {}
    for phrase in (*LINES, *_sentences(meter)):
        words = tuple(phrase.split())
        if _scans(words, meter):
            found.setdefault(rhyme(words[-1]), {})[words] = Line(words, syllables)
    return {family: tuple(lines.values()) for family, lines in found.items()}


def _sentences(meter: str) -> list[str]:
    """Openings joined with endings that share no telling word and fill the meter."""
    sentences = []
    for opening in OPENINGS:
        first = tuple(opening.split())
        size = sum(len(stresses(word)) for word in first)
        if not _fits(first, meter[:size]):
            continue
        for ending in ENDINGS:
            second = tuple(ending.split())
            if _scans(second, meter[size:]) and not (set(first) & set(second)) - _LIGHT - _WEAK:
                sentences.append(f"{opening} {ending}")
    return sentences


def _scans(words: tuple[str, ...], meter: str) -> bool:
    """Whether words fill a meter and end on a stressed syllable."""
    return (
        sum(len(stresses(word)) for word in words) == len(meter) and stresses(words[-1])[-1] > 0 and _fits(words, meter)
    )


def _fits(words: tuple[str, ...], meter: str) -> bool:
    """Whether every syllable of the words may stand at its place of the meter (which may be longer)."""
    place = 0
    for word in words:
        pattern = stresses(word)
        span = meter[place : place + len(pattern)]
        if len(span) < len(pattern):
            return False
        if len(pattern) == 1:
            if word in _WEAK and span == "1":
                return False
        elif word not in _FREE and any(
            (stress == 1) != (mark == "1") for stress, mark in zip(pattern, span, strict=True) if stress != 2
        ):
            return False
        place += len(pattern)
    return True
