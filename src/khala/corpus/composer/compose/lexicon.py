"""Open vocabulary: eleven thousand words with their phones, classes and frequencies.

Packed by recipes/lexicon from WordNet 3.0 and the CMU Pronouncing Dictionary, whose licences lie beside the file.
"""

import lzma
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from khala.corpus.data.split import is_unheard

WORD = "word"
"""Class of the words that templates contain literally: never held out."""


class LexiconEntry(NamedTuple):
    """A word of the lexicon: ARPAbet `phones` with stress, and `classes` with their counts in WordNet's texts."""

    phones: tuple[str, ...]
    classes: dict[str, int]


@cache
def entries() -> dict[str, LexiconEntry]:
    """Return every word of the packed file with its entry."""
    packed = files("khala.corpus.composer.compose").joinpath("lexicon.txt.xz").read_bytes()
    found = {}
    for line in lzma.decompress(packed).decode("ascii").splitlines():
        head, *classes = line.split("|")
        word, *phones = head.split()
        counts = (entry.split() for entry in classes)
        found[word] = LexiconEntry(tuple(phones), {name: int(count) for name, count in counts})
    return found


@cache
def unheard() -> frozenset[str]:
    """Return the words that occur in held-out songs only."""
    return frozenset(word for word, entry in entries().items() if WORD not in entry.classes and is_unheard(word))


@cache
def words_by_class(unheard_ones: bool) -> dict[str, dict[str, float]]:
    """Return, by class, the held-out words or all others, with the weights by which they are drawn.

    A power below 1 of the count lets rare words occur, too.
    """
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for word, entry in entries().items():
        if (word in unheard()) == unheard_ones:
            for name, count in entry.classes.items():
                found[name][word] = (count + 1) ** 0.85
    return dict(found)
