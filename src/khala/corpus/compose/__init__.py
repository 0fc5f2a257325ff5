"""Composing: songs out of numbers. `compose(seed)` is a pure function of its arguments."""

from khala.corpus.compose.song import compose
from khala.corpus.compose.styles import STYLES
from khala.corpus.compose.words import LEXICON

__all__ = ["LEXICON", "STYLES", "compose"]
