"""Voices that sing: a bank of spoken words and lines (flite, Kokoro, WORLD) and the singing of lines made of them."""

from khala.corpus.composer.voice.bank import VoiceBank
from khala.corpus.composer.voice.errors import ToolMissing
from khala.corpus.composer.voice.sing import SungLine, SungNote, TimedPhone, sing

__all__ = ["SungLine", "SungNote", "TimedPhone", "ToolMissing", "VoiceBank", "sing"]
