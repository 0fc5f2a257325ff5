"""Composition of songs from seeds; `compose` is a pure function of its arguments."""

from khala.corpus.composer.compose.song import compose
from khala.corpus.composer.compose.styles import STYLES
from khala.corpus.composer.compose.words import LEXICON

__all__ = ["LEXICON", "STYLES", "compose"]
