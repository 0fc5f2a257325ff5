"""Meters of sung lines and the rhythms they take: stressed syllables on beats, the last one held.

A meter is a string of weak (0) and strong (1) syllables that ends strong. A rhythm gives every syllable's onset in
beats from the start of its line; strong syllables fall on whole beats.
"""

from itertools import pairwise

BREATH_BEATS = 0.5
"""Shortest rest at the end of a line, per bar of the line."""
MAX_NOTE_BEATS = 3.0
"""Longest last note of a line."""
MIN_ONSET_SECONDS = 0.2
"""Shortest time between two sung onsets."""

METERS = {5: "10101", 6: "010101", 7: "1010101", 8: "01010101"}
"""Number of syllables -> meter."""

_RHYTHMS: dict[tuple[int, int], tuple[str, ...]] = {
    # (syllables, beats of a line): onsets in half beats
    (5, 8): ("0 2 4 6 8", "0 3 4 7 8", "0 1 2 4 8", "4 5 6 7 8"),
    (6, 8): ("3 4 5 6 7 8", "1 2 3 4 7 8", "1 2 3 4 6 8"),
    (7, 8): ("0 1 2 3 4 6 8", "0 2 4 5 6 7 8", "0 1 2 4 6 7 8", "0 3 4 7 8 11 12", "0 2 4 6 8 10 12"),
    (8, 8): ("1 2 3 4 5 6 7 8", "3 4 5 6 7 8 10 12", "1 2 3 4 7 8 11 12"),
    (5, 6): ("0 2 4 5 6", "0 1 2 4 6", "0 1 2 3 4"),
    (6, 6): ("1 2 3 4 5 6", "3 4 5 6 7 8"),
    (7, 6): ("0 1 2 3 4 5 6", "0 1 2 4 6 7 8"),
    (8, 6): ("1 2 3 4 5 6 7 8",),
    (5, 4): ("0 1 2 3 4",),
    (6, 4): ("1 2 3 4 5 6",),
    (7, 4): ("0 1 2 3 4 5 6",),
}


def rhythms(syllables: int, line_beats: int, beat_seconds: float) -> list[tuple[float, ...]]:
    """Return the rhythms of a meter that fit a line of `line_beats` at this tempo, as onsets in beats."""
    found = []
    for text in _RHYTHMS.get((syllables, line_beats), ()):
        onsets = tuple(float(word) / 2 for word in text.split())
        if min(b - a for a, b in pairwise(onsets)) * beat_seconds >= MIN_ONSET_SECONDS:
            found.append(onsets)
    return found
