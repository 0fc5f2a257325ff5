"""Chords in rhythm: step patterns over voicings. x the chord, p root and fifth (a power chord), 0..9 its tones from below."""

from khala.corpus.compose.harmony import above, tones, voicing
from khala.corpus.score import Chord

COMPS = {
    "whole": "x-------",
    "halves": "x---x---",
    "quarters": "x-x-x-x-",
    "eighths": "xxxxxxxx",
    "strum": "x---x-xx",
    "strum busy": "x-xx.xxx",
    "broken": "0-1-2-1-",
    "ripple": "01213121",
    "power": "pppppppp",
    "power long": "p-------",
    "power chug": "p-pp-pp-",
    "charleston": "x--x----",
    "jazz": "x--x----|...x--x-",
    "off": ".x.x.x.x",
    "stabs": "x--x--x-",
    "arpeggio": "0121012101210121",
    "arpeggio up": "0123012301230123",
    "lazy": "x-----x-",
    "waltz": "0-x-x-",
    "waltz ripple": "012321",
    "waltz whole": "x-----",
}


def pitches(mark: str, chord: Chord, low: int) -> tuple[int, ...]:
    """What a mark of a comping pattern plays, in the octave from `low`."""
    if mark == "p":
        root = above(low - 12, chord.root)
        return (root, above(root, tones(chord)[2]), root + 12)
    if mark == "x":
        return voicing(chord, low)
    voices = voicing(chord, low)
    voices += (voices[0] + 12,)
    return (voices[min(int(mark), len(voices) - 1)],)
