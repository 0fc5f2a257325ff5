"""Rendering of a score: band, voice, mix, and ground truth."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from khala.corpus.composer.render import space
from khala.corpus.composer.render.effects import echo, presence, pump, worn
from khala.corpus.composer.render.fluidsynth import play_parts
from khala.corpus.composer.render.mix import master, mix_band, room, voice_gain
from khala.corpus.composer.render.truth import truth_of
from khala.corpus.composer.score import Score, SungLine
from khala.corpus.composer.singers import SINGERS
from khala.corpus.composer.voice import LineAudio, SungNote, TimedPhone, VoiceBank, sing
from khala.corpus.data.audio_format import FRAME_RATE, FRAME_SAMPLES, SAMPLE_RATE

_VOICE_ROOM = 0.03
"""Reverb send of the voice."""
_ECHO_DUCK = 0.7
"""Share by which the voice's echoes are turned down while somebody sings."""
_SECOND, _ANSWER = 0.5, 0.8
"""Levels of a second voice and of an answer, relative to the singer's."""
_BACKING_PAN = 0.4
_PUMPED = ("bass", "comp", "pad")


@dataclass(frozen=True)
class Rendered:
    """`samples` float32 [2, score.frames * 2048] at 44.1 kHz; `truth` that of `truth_of`, ready for JSON."""

    samples: np.ndarray
    truth: dict[str, Any]


def render_score(score: Score, voices: VoiceBank) -> Rendered:
    """Play and sing a score. The same score always gives the same samples, whatever was rendered before.

    Raises `ToolMissing` if FluidSynth, its sound fonts or flite is not installed.
    """
    length = score.frames * FRAME_SAMPLES
    samples_per_beat = score.frames_per_bar * FRAME_SAMPLES / score.beats_per_bar
    stems = play_parts(score.parts, samples_per_beat, length)
    voices_sung = _sing_all(score, voices, samples_per_beat)
    phones = [line.phones for line in voices_sung]
    amount = space.vocal_activity(phones, length)
    for part, stem in zip(score.parts, stems, strict=True):
        if score.mix.pump and part.name in _PUMPED:
            pump(stem, samples_per_beat, score.mix.pump)
        if part.drums and score.lines:
            space.hush(stem, amount, space.sibilants(phones, length))
    song, send = mix_band(score.parts, stems)
    if score.mix.worn:
        song = worn(song, score.seed)
    if score.lines:
        space.step_back(song, amount)
        voice = _place_all(voices_sung, song)
        song += voice
        middle = np.float32(0.5) * (voice[0] + voice[1])
        if score.mix.echo:
            song += echo(middle, round(0.75 * samples_per_beat), score.mix.echo) * (1 - _ECHO_DUCK * amount)
        send += np.float32(_VOICE_ROOM) * middle
    song += room(send, score.mix.room)
    return Rendered(master(song, score.mix.tilt), truth_of(score, phones))


@dataclass(frozen=True)
class _Line:
    """The voices of a line with level and pan, from second `begin` of the song; `phones` in seconds of the song."""

    begin: float
    voices: tuple[tuple[LineAudio, float, float], ...]
    phones: list[TimedPhone]


def _sing_all(score: Score, voices: VoiceBank, samples_per_beat: float) -> list[_Line]:
    """Return all lines as they are sung, the singer's own voice first."""
    known: dict[tuple[str, tuple[SungNote, ...]], LineAudio] = {}  # a chorus is sung once

    def sung_by(singer: str, notes: tuple[SungNote, ...]) -> LineAudio:
        if (singer, notes) not in known:
            known[singer, notes] = sing(voices, SINGERS[singer], notes)
        return known[singer, notes]

    lines = []
    for line in score.lines:
        begin = round(line.syllables[0].start * samples_per_beat / FRAME_SAMPLES) / FRAME_RATE  # where a frame begins
        notes = _notes(line, samples_per_beat / SAMPLE_RATE)
        sung = sung_by(score.backing if line.answer else score.singer, notes)
        heard = [(sung, _ANSWER, -_BACKING_PAN) if line.answer else (sung, 1.0, 0.0)]
        if line.harmony:
            second = tuple(replace(note, pitch=pitch) for note, pitch in zip(notes, line.harmony, strict=True))
            heard.append((sung_by(score.backing, second), _SECOND, _BACKING_PAN))
        phones = [TimedPhone(p.name, p.number, p.start + begin, p.end + begin) for p in sung.phones]
        lines.append(_Line(begin, tuple(heard), phones))
    return lines


def _place_all(lines: list[_Line], band: np.ndarray) -> np.ndarray:
    """Return all voices float32 [2, n], each line at its level over the band."""
    voice, heard = np.zeros_like(band), presence(band)
    for line in lines:
        samples, place = _placed(line.voices[0][0], line.begin, band.shape[1])
        gain = voice_gain(heard[:, place], presence(samples))
        for sung, level, pan in line.voices:
            samples, place = _placed(sung, line.begin, band.shape[1])
            sides = np.float32(gain * level) * np.sqrt([1 - pan, 1 + pan]).astype(np.float32)
            voice[:, place] += sides[:, None] * samples
    return voice


def _placed(sung: LineAudio, begin: float, length: int) -> tuple[np.ndarray, slice]:
    """Return the samples of a sung line inside the song, and their slice, its first note at second `begin`."""
    first = round((begin - sung.lead) * SAMPLE_RATE)
    samples = sung.samples[max(-first, 0) : length - first]
    return samples, slice(max(first, 0), max(first, 0) + len(samples))


def _notes(line: SungLine, beat: float) -> tuple[SungNote, ...]:
    """Return the line's notes in seconds from the first, rounded so that a repeated line is recognised."""
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
