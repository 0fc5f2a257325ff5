"""Voices that sing: a bank of spoken words and lines (flite, Kokoro, WORLD) and the singing of lines made of them."""

from khala.corpus.voice.bank import VoiceBank
from khala.corpus.voice.errors import ToolMissing
from khala.corpus.voice.sing import SungLine, SungNote, TimedPhone, sing

__all__ = ["SungLine", "SungNote", "TimedPhone", "ToolMissing", "VoiceBank", "sing"]
