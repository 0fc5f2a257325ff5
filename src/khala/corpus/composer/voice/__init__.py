"""Singing voices: a bank of spoken words and lines (flite, Kokoro, WORLD), and lines sung with them."""

from khala.corpus.composer.voice.bank import VoiceBank
from khala.corpus.composer.voice.errors import ToolMissing
from khala.corpus.composer.voice.singing import LineAudio, SungNote, TimedPhone, sing

__all__ = ["LineAudio", "SungNote", "TimedPhone", "ToolMissing", "VoiceBank", "sing"]
