"""English phones by flite's names, and the syllables of a word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

DIPHTHONGS = frozenset({"aw", "ay", "ey", "ow", "oy"})
VOWEL_PHONES = frozenset({"aa", "ae", "ah", "ao", "ax", "eh", "er", "ih", "iy", "uh", "uw"}) | DIPHTHONGS
VOICELESS = frozenset({"ch", "f", "hh", "k", "p", "s", "sh", "t", "th"})
SIBILANT = frozenset({"ch", "jh", "s", "sh", "z", "zh"})

# Clusters that may open an English syllable; so may any single consonant except "ng".
_ONSETS = re.compile("[bfgkp][lry]|[dt][rwy]|[gk]w|(th|sh)[rw]|(hh|m|v)y|s[fklmnptw]|s(k[rw]|pl|pr|py|tr)")


@dataclass(frozen=True)
class Syllable:
    """A syllable, as indices of phones within its word: the vowel, and the ranges of its onset and its coda."""

    onset: range
    vowel: int
    coda: range

    def moved(self, by: int) -> "Syllable":
        """Return the syllable in a recording in which the word begins with phone `by`."""
        onset, coda = (range(part.start + by, part.stop + by) for part in (self.onset, self.coda))
        return Syllable(onset, self.vowel + by, coda)


def from_arpabet(phones: Sequence[str]) -> tuple[str, ...]:
    """Return flite's phones for ARPAbet ones with stress: `("AH0", "L", "OW1", "N")` -> `("ax", "l", "ow", "n")`."""
    return tuple("ax" if phone.upper() == "AH0" else phone.lower().rstrip("012") for phone in phones)


def syllables(phones: Sequence[str]) -> tuple[Syllable, ...]:
    """Split a word at its vowels; consonants between two vowels go to the second as far as English allows it.

    Raises `ValueError` for a word without a vowel: nothing in it can carry a note.
    """
    vowels = [i for i, phone in enumerate(phones) if phone in VOWEL_PHONES]
    if not vowels:
        raise ValueError(f"no vowel in {' '.join(phones)}")
    starts = [0]
    for left, right in pairwise(vowels):
        start = right
        while start - 1 > left and _may_open(phones[start - 1 : right]):
            start -= 1
        starts.append(start)
    ends = [*starts[1:], len(phones)]
    return tuple(
        Syllable(range(start, vowel), vowel, range(vowel + 1, end))
        for start, vowel, end in zip(starts, vowels, ends, strict=True)
    )


def _may_open(cluster: Sequence[str]) -> bool:
    return cluster[0] != "ng" if len(cluster) == 1 else _ONSETS.fullmatch("".join(cluster)) is not None
