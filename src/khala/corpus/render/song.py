"""A score becomes a song: band, voice, mix, and the truth about what is heard when."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from khala.corpus.render.band import RATE, play
from khala.corpus.render.effects import echo, presence, pump, worn
from khala.corpus.render.mix import master, mix_band, room, voice_gain
from khala.corpus.render.truth import truth_of
from khala.corpus.score import Score, SungLine
from khala.corpus.singers import SINGERS
from khala.corpus.voice import SungLine as Sung
from khala.corpus.voice import SungNote, TimedPhone, VoiceBank, sing

HOP = 2048
"""Samples of a codec frame."""
_VOICE_ROOM = 0.16
_SECOND, _ANSWER = 0.5, 0.8
"""Level of a second voice and of an answer beside the singer's."""
_BACKING_PAN = 0.4
_PUMPED = ("bass", "comp", "pad")


@dataclass(frozen=True)
class Rendered:
    """`samples` float32 [2, score.frames * 2048] at 44.1 kHz; `truth` is what `render.truth` says, ready for JSON."""

    samples: np.ndarray
    truth: dict[str, Any]


def render(score: Score, voices: VoiceBank) -> Rendered:
    """Plays and sings a score. The same score gives the same samples, whatever was rendered before.

    Raises `ToolMissing` if FluidSynth, its sound fonts or flite is not installed.
    """
    length = score.frames * HOP
    samples_per_beat = score.frames_per_bar * HOP / score.beats_per_bar
    stems = play(score.parts, samples_per_beat, length)
    if score.mix.pump:
        for part, stem in zip(score.parts, stems, strict=True):
            if part.name in _PUMPED:
                pump(stem, samples_per_beat, score.mix.pump)
    song, send = mix_band(score.parts, stems)
    if score.mix.worn:
        song = worn(song, score.seed)
    voice, phones = _sing_all(score, voices, song, samples_per_beat)
    song += voice
    middle = np.float32(0.5) * (voice[0] + voice[1])
    if score.mix.echo and score.lines:
        song += echo(middle, round(0.75 * samples_per_beat), score.mix.echo)
    send += np.float32(_VOICE_ROOM) * middle
    song += room(send, score.mix.room)
    return Rendered(master(song, score.mix.tilt), truth_of(score, phones))


def _sing_all(
    score: Score, voices: VoiceBank, band: np.ndarray, samples_per_beat: float
) -> tuple[np.ndarray, list[list[TimedPhone]]]:
    """All voices float32 [2, n] at their level in the mix, and the phones of every line in seconds of the song."""
    voice = np.zeros_like(band)
    heard = presence(band) if score.lines else band
    phones = []
    known: dict[tuple[str, tuple[SungNote, ...]], Sung] = {}  # a chorus is sung once

    def sung_by(singer: str, notes: tuple[SungNote, ...]) -> Sung:
        if (singer, notes) not in known:
            known[singer, notes] = sing(voices, SINGERS[singer], notes)
        return known[singer, notes]

    def add(sung: Sung, begin: float, gain: float, pan: float) -> None:
        samples, place = _placed(sung, begin, band.shape[1])
        sides = np.float32(gain) * np.sqrt([1 - pan, 1 + pan]).astype(np.float32)
        voice[:, place] += sides[:, None] * samples

    for line in score.lines:
        begin = line.syllables[0].start * samples_per_beat / RATE
        notes = _notes(line, samples_per_beat / RATE)
        sung = sung_by(score.backing if line.answer else score.singer, notes)
        samples, place = _placed(sung, begin, band.shape[1])
        gain = voice_gain(heard[:, place], presence(samples))
        if line.answer:
            add(sung, begin, gain * _ANSWER, -_BACKING_PAN)
        else:
            add(sung, begin, gain, 0.0)
        if line.harmony:
            second = tuple(replace(note, pitch=pitch) for note, pitch in zip(notes, line.harmony, strict=True))
            add(sung_by(score.backing, second), begin, gain * _SECOND, _BACKING_PAN)
        phones.append([TimedPhone(p.name, p.number, p.start + begin, p.end + begin) for p in sung.phones])
    return voice, phones


def _placed(sung: Sung, begin: float, length: int) -> tuple[np.ndarray, slice]:
    """What of a sung line falls inside the song if its first note is at second `begin`, and where."""
    first = round((begin - sung.lead) * RATE)
    samples = sung.samples[max(-first, 0) : length - first]
    return samples, slice(max(first, 0), max(first, 0) + len(samples))


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
