"""Composed songs that several test files examine."""

from khala.corpus.composer.compose import STYLES, compose
from khala.corpus.composer.score import Score, SungLine

DRAWN = [compose(seed) for seed in range(200)]
"""Songs with nothing given but their seeds."""
SONGS = DRAWN[:40] + [
    compose(1000 + seed, style=style, vocal=vocal)
    for seed, style in enumerate(STYLES)
    for vocal in ("female", "male", "")
]
"""Some of them, and songs of every style for every voice."""
SUNG = [song for song in SONGS if song.voice]
SLACK = 1e-9
EARLY_SECONDS = 0.015
"""Most by which a player anticipates a note."""
STRUMMED_SECONDS = 0.08
"""Longest time in which a chord is struck."""


def spans(song: Score) -> list[tuple[float, float]]:
    """Return first beat and end of every section."""
    beats = song.beats_per_bar
    return [(s.start_bar * beats, (s.start_bar + s.bars) * beats) for s in song.sections]


def leads(song: Score) -> list[SungLine]:
    """Return the lines of the singer, without the answers."""
    return [line for line in song.lines if not line.answer]
