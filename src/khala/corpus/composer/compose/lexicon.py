"""The open vocabulary: eleven thousand words with their phones, what they may be in a line, and how frequent they are.

Packed by recipes/lexicon from WordNet 3.0 and the CMU Pronouncing Dictionary, whose licences lie beside the file.
"""

import lzma
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from khala.corpus.data.split import is_unheard

WORD = "word"
"""The class of words that templates name: never held out."""


class LexiconEntry(NamedTuple):
    """A word: ARPAbet `phones` with stress, and its `classes` with their counts in WordNet's texts."""

    phones: tuple[str, ...]
    classes: dict[str, int]


@cache
def entries() -> dict[str, LexiconEntry]:
    """Every word of the packed file."""
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
    """The words that only held-out songs sing."""
    return frozenset(word for word, entry in entries().items() if WORD not in entry.classes and is_unheard(word))


@cache
def words_by_class(unheard_ones: bool) -> dict[str, dict[str, float]]:
    """Class -> its words with the weights by which they are drawn: the held-out ones, or all others.

    A power of the count below 1 lets rare words be sung, too.
    """
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for word, entry in entries().items():
        if (word in unheard()) == unheard_ones:
            for name, count in entry.classes.items():
                found[name][word] = (count + 1) ** 0.85
    return dict(found)
