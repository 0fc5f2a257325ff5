"""Readings: lines that a natural voice sings in many songs, because reading a new one takes it some seconds.

Every singer has their own couplets. A song uses those whose lengths it needs, on a tune of its own.
"""

import random
from collections.abc import Sequence
from functools import cache

from khala.corpus.composer.compose.verses import Length, LyricLine, Poet
from khala.corpus.composer.compose.words import stresses

COUPLETS = 20
"""Couplets of a singer per length."""
SIZES = range(4, 13)
"""Smallest numbers of syllables of their lines; the largest are two more."""


class CoupletPoet(Poet):
    """Assembles the stanzas of one song from a singer's couplets."""

    def __init__(self, rng: random.Random, singer: str) -> None:
        super().__init__(rng, unheard=False)
        self._couplets = rng.sample(couplets(singer), len(couplets(singer)))

    def _stanza(self, lengths: tuple[Length, ...], refrain: bool) -> tuple[LyricLine, ...]:
        lines: list[LyricLine] = []
        for first in range(0, len(lengths), 2):
            if refrain and first % 4 == 2:
                lines += lines[-2:]
            else:
                lines += self._couplet(lengths[first : first + 2])
        return tuple(lines[: len(lengths)])

    def _couplet(self, lengths: Sequence[Length]) -> tuple[LyricLine, LyricLine]:
        """Return the next couplet of these lengths, or the nearest one; none recurs in a song."""

        def away(couplet: tuple[LyricLine, LyricLine]) -> int:
            sizes = [sum(map(len, map(stresses, line.words))) for line in couplet]
            over = any(size > length.most for size, length in zip(sizes, lengths, strict=False))
            near = sum(max(length.least - size, 0) for size, length in zip(sizes, lengths, strict=False))
            return near + 100 * over

        found = min(self._couplets, key=away)
        self._couplets.remove(found)
        return found


@cache
def couplets(singer: str) -> list[tuple[LyricLine, LyricLine]]:
    """Return all couplets of a singer: rhymed, or nearly, of every length."""
    poet = Poet(random.Random(f"couplets of {singer}"), unheard=False)
    pairs = [(size, size) for size in SIZES] + [(size, size - 2) for size in SIZES[2:]]
    stanzas = [("verse", (Length(one, one + 1), Length(two, two + 1))) for one, two in pairs for _ in range(COUPLETS)]
    return [(stanza[0], stanza[1]) for stanza in poet.write(stanzas)]
