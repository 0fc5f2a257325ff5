"""Bass lines: step patterns (`patterns`) over chord roots.

R is the root, 5 the fifth, 8 the octave, 3 the third, a an approach to the next root.
"""

from khala.corpus.composer.compose.harmony import above, tones
from khala.corpus.composer.score import Chord

LOWEST_ROOT = 31
"""MIDI note of the lowest bass root (G1)."""

BASSES = {
    "whole": "R-------",
    "halves": "R---R---",
    "quarters": "R-R-R-R-",
    "eighths": "RRRRRRRR",
    "pulse": "R--RR-R-",
    "fifths": "R---5---",
    "slow": "R-----5-",
    "walk": "R-3-5-a-",
    "off": ".R.R.R.R",
    "octaves": "R8R8R8R8",
    "dub": "R--R..R-",
    "roots": "R-3-5---",
    "two beat": "R---5---|R---5-a-",
    "boogie": "R-R-3-R-5-R-3-R-",
    "shuffle": "R.R.3.3.5.5.3.3.",
    "funk": "R..8..R...R..8.a|R..8..R.........",
    "slap": "R.8...R.R..8..a.",
    "bossa": "R--55--R",
    "tumbao": "R--5..8-|...5..8-",
    "soul": "R--R..5-|R--R..3a",
    "sixteenths": "RRRRRRRRRRRRRRRR",
    "gallop": "R-RRR-RRR-RRR-RR",
    "waltz": "R-----",
    "waltz fifths": "R-----|5-----",
}


def bass_pitches(mark: str, chord: Chord, following: Chord) -> tuple[int]:
    """Return the pitch that a mark of a bass pattern plays."""
    root = above(LOWEST_ROOT, chord.root)
    if mark == "R":
        return (root,)
    if mark == "8":
        return (root + 12,)
    if mark == "a":
        target = above(LOWEST_ROOT, following.root)
        return (target + 1 if target < root else target - 1,)
    third, fifth = tones(chord)[1:3]
    return (above(root, third if mark == "3" else fifth),)
