"""Comping: step patterns (`patterns`) over voicings of chords.

x is the chord in close position, s spread over the strings of a guitar, p a power chord, 0..9 its tones from below.
"""

from khala.corpus.composer.compose.harmony import above, tones, voicing
from khala.corpus.composer.score import Chord

COMPS = {
    "whole": "x-------",
    "halves": "x---x---",
    "quarters": "x-x-x-x-",
    "eighths": "xxxxxxxx",
    "strum": "s---s-ss",
    "strum busy": "s-ss.sss",
    "folk strum": "s-s-s-ss",
    "broken": "0-1-2-1-",
    "ripple": "01213121",
    "picked": "02130213",
    "ostinato": "01020102",
    "power": "pppppppp",
    "power long": "p-------",
    "power chug": "p-pp-pp-",
    "charleston": "x--x----",
    "jazz": "x--x----|...x--x-",
    "off": ".x.x.x.x",
    "stabs": "x--x--x-",
    "arpeggio": "0121012101210121",
    "lazy": "x-----x-",
    "boom chick": "0.s.2.s.",
    "roll": "0212021202120212",
    "scratch": "x..x.x..x..x.x..|x..x.x..x.x.....",
    "chank": "..x...x...x...x.",
    "sixteenth strum": "s..ss.s...s.s.s.",
    "shuffle chops": "..x...x...x...x.",
    "boogie": "x.x.x.x.",
    "bossa": "x..x..x...x..x..|..x..x..x..x..x.",
    "montuno": "x.012.3.x.012.3.|.x.x.2.1.x.x.2.1",
    "soul stabs": "x.....x.|..x.....",
    "gospel": "x--xx--x",
    "pulse": "x-x-x-x-x-x-x-x-",
    "waltz strum": "0-s-s-",
    "waltz ripple": "012321",
    "waltz whole": "x-----",
}


def comp_pitches(mark: str, chord: Chord, low: int) -> tuple[int, ...]:
    """Return the pitches that a mark of a comping pattern plays, in the octave from `low`."""
    voices = voicing(chord, low)
    if mark == "x":
        return voices
    if mark == "s":
        return tuple(sorted({above(low - 10, chord.root), *voices, *(voice + 12 for voice in voices[:2])}))
    if mark == "p":
        root = above(low - 12, chord.root)
        return (root, above(root, tones(chord)[2]), root + 12)
    return ((*voices, *(voice + 12 for voice in voices))[int(mark)],)
