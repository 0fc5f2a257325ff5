"""A score becomes a song: band, voice, mix, and the truth about what is heard when."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from khala.corpus.render.band import RATE, play
from khala.corpus.render.mix import master, mix_band, room, voice_gain
from khala.corpus.render.truth import truth_of
from khala.corpus.score import Score, SungLine
from khala.corpus.voice import SungLine as Sung
from khala.corpus.voice import SungNote, TimedPhone, VoiceBank, sing

HOP = 2048
"""Samples of a codec frame."""
_VOICE_ROOM = 0.16


@dataclass(frozen=True)
class Rendered:
    """`samples` float32 [2, score.frames * 2048] at 44.1 kHz; `truth` is what `render.truth` says, ready for JSON."""

    samples: np.ndarray
    truth: dict[str, Any]


def render(score: Score, voices: VoiceBank) -> Rendered:
    """Plays and sings a score. The same score gives the same samples, whatever was rendered before.

    Raises `ToolMissing` if FluidSynth, its sound font or flite is not installed.
    """
    length = score.frames * HOP
    samples_per_beat = score.frames_per_bar * HOP / score.beats_per_bar
    song, send = mix_band(score.parts, play(score.parts, samples_per_beat, length))
    voice, phones = _sing_all(score, voices, song, samples_per_beat)
    song += voice
    send += np.float32(_VOICE_ROOM) * voice
    song += room(send)
    return Rendered(master(song), truth_of(score, phones))


def _sing_all(
    score: Score, voices: VoiceBank, band: np.ndarray, samples_per_beat: float
) -> tuple[np.ndarray, list[list[TimedPhone]]]:
    """The voice float32 [n] at its level in the mix, and the phones of every line in seconds of the song."""
    voice = np.zeros(band.shape[1], np.float32)
    phones = []
    known: dict[tuple[SungNote, ...], Sung] = {}  # a chorus is sung once
    for line in score.lines:
        begin = line.syllables[0].start
        notes = _notes(line, samples_per_beat / RATE)
        if notes not in known:
            known[notes] = sing(voices, score.voice, notes)
        sung = known[notes]
        first = round(begin * samples_per_beat - sung.lead * RATE)
        samples = sung.samples[max(-first, 0) : len(voice) - first]
        place = slice(max(first, 0), max(first, 0) + len(samples))
        voice[place] += np.float32(voice_gain(band[:, place], samples)) * samples
        offset = begin * samples_per_beat / RATE
        phones.append([TimedPhone(p.name, p.number, p.start + offset, p.end + offset) for p in sung.phones])
    return voice, phones


def _notes(line: SungLine, beat: float) -> tuple[SungNote, ...]:
    """The line's notes in seconds from the first, rounded so that a repeated line is recognised."""
    begin = line.syllables[0].start
    return tuple(
        SungNote(
            word=line.words[s.word],
            number=s.word,
            index=s.index,
            start=round((s.start - begin) * beat, 6),
            end=round((s.start + s.length - begin) * beat, 6),
            pitch=s.pitch,
        )
        for s in line.syllables
    )
