"""Singing of a line of lyrics: spoken words are laid on the notes of a melody.

A note starts with its vowel. The consonants before it keep their spoken speed and lie before the beat; the vowel
stretches until the consonants that follow must begin. Pitch is the melody's: a damped spring moves it from note
to note, with a scoop into the first note after a rest, a slow drift and a vibrato on long notes. The singer's vocal
tract scales the formants of the speaker. All of this happens on WORLD's frames, before synthesis. Phones begin and end
with the codec's frames, if the line's first note does (`on_frames`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pyworld
import scipy.fft
import scipy.signal

from khala.corpus.composer.singers import Singer
from khala.corpus.composer.voice.air import with_air
from khala.corpus.composer.voice.bank import FFT_SIZE, PERIOD_SECONDS, VOICE_RATE, VoiceBank, Word
from khala.corpus.composer.voice.on_frames import on_frames
from khala.corpus.composer.voice.phones import DIPHTHONGS, VOWEL_PHONES, syllables

_LEAD = 0.4  # seconds; longest consonants before the first note
_EDGE = 0.04  # seconds of silence on either side of a line
_LEGATO = 0.12  # seconds; a shorter rest is sung through
_LONGEST_CONSONANT = 0.12  # seconds
_SHORTEST_VOWEL = 0.06  # seconds
_FLOOR = -18.0  # log power of silence
_EVEN = (0.65, 0.3)  # share of level differences removed from voiced and from voiceless frames
_SIBILANTS = 2.0  # nepers of power below the vowels
_PRESENCE = 1.7  # nepers of power (7 dB) around 3.2 kHz
_VOWEL_WEIGHT = 4.0  # how much less a vowel's beginning is moved than a consonant's
_DAMPING = 0.7  # of the spring that moves the pitch: it overshoots by 5 %


@dataclass(frozen=True)
class SungNote:
    """A note of a line: syllable `index` of `word`, which is word `number` of the line, on MIDI `pitch`.

    `start` and `end` are seconds from the line's first note. Consecutive notes with the same number and index are one
    syllable on several pitches.
    """

    word: str
    number: int
    index: int
    start: float
    end: float
    pitch: int


@dataclass(frozen=True)
class TimedPhone:
    """A sung phone of word `number` of a line, in seconds from the line's first note."""

    name: str
    number: int
    start: float
    end: float


@dataclass(frozen=True)
class LineAudio:
    """A sung line: `samples` float32 [n] at 44.1 kHz; its first note begins `lead` seconds after their start."""

    samples: np.ndarray
    lead: float
    phones: tuple[TimedPhone, ...]


@dataclass
class _Span:
    """A phone's place in its spoken word and in the sung line, in seconds."""

    word: Word
    number: int
    phone: int
    start: float
    end: float

    @property
    def name(self) -> str:
        return self.word.phones[self.phone]

    def goes_on_in(self, span: "_Span") -> bool:
        return span.word is self.word and span.phone == self.phone + 1 and span.start - self.end < PERIOD_SECONDS


def sing(bank: VoiceBank, singer: Singer, notes: Sequence[SungNote]) -> LineAudio:
    """Sing `notes` (in time order, not overlapping) with words of the bank."""
    spans = _on_grid(_lay_out(bank, singer.speaker, notes))
    before = int(np.ceil((_EDGE - spans[0].start) / PERIOD_SECONDS))
    frames = before + int(np.ceil((spans[-1].end + _EDGE) / PERIOD_SECONDS))
    times = (np.arange(frames) - before) * PERIOD_SECONDS
    envelope, aperiodicity, voiced = _gather(spans, times)
    pitch = np.where(voiced, 440.0 * 2.0 ** ((_pitch(notes, times, singer) - 69.0) / 12.0), 0.0)
    power = np.exp(_shape(_tract(envelope, singer), spans, times, voiced, singer.natural)).astype(np.float64)
    aperiodicity *= 1 - singer.breath
    noise = pyworld.decode_aperiodicity(np.ascontiguousarray(aperiodicity[:, None], np.float64), VOICE_RATE, FFT_SIZE)
    samples = pyworld.synthesize(pitch, power, noise, VOICE_RATE, PERIOD_SECONDS * 1000)
    phones = tuple(TimedPhone(span.name, span.number, span.start, span.end) for span in spans)
    lead = before * PERIOD_SECONDS
    heard = [(phone.name, phone.start + lead, phone.end + lead) for phone in phones]
    return LineAudio(with_air(_to_44100(samples), heard, singer.natural), lead, phones)


def _lay_out(bank: VoiceBank, speaker: str, notes: Sequence[SungNote]) -> list[_Span]:
    """Return the times at which every phone is sung."""
    words = {note.number: note.word for note in notes}
    places = dict(zip(words, bank.line(speaker, list(words.values())), strict=True))
    sung = []  # (word, number, syllable, start, end)
    for (number, index), group in groupby(notes, key=lambda note: (note.number, note.index)):
        held = list(group)
        word, phones = places[number]
        syllable = syllables(word.phones[phones.start : phones.stop])[index].moved(phones.start)
        sung.append((word, number, syllable, held[0].start, held[-1].end))
    spans: list[_Span] = []
    for i, (word, number, syllable, start, end) in enumerate(sung):
        if i == 0:
            spans += _consonants(word, number, syllable.onset, before=start, room=_LEAD)
        after = [(word, number, k) for k in syllable.coda]
        following = sung[i + 1] if i + 1 < len(sung) else None
        if following and following[3] - end < _LEGATO:  # everything up to the next vowel is sung before its note
            end = following[3]
            after += [(following[0], following[1], k) for k in following[2].onset]
            overhang = 0.0
        else:
            overhang = 0.04 if after else 0.0
        lengths = [_natural(word, k) for word, _, k in after]
        room = end + overhang - start - max(_SHORTEST_VOWEL, 0.35 * (end - start))
        squeeze = min(1.0, max(room, 0.02) / sum(lengths)) if lengths else 1.0
        time = end + overhang - squeeze * sum(lengths)
        spans.append(_Span(word, number, syllable.vowel, start, time))
        for (owner, whose, k), length in zip(after, lengths, strict=True):
            spans.append(_Span(owner, whose, k, time, time + squeeze * length))
            time += squeeze * length
        if following and following[3] - end >= _LEGATO:
            spans += _consonants(following[0], following[1], following[2].onset, following[3], following[3] - time)
    return spans


def _on_grid(spans: Sequence[_Span]) -> list[_Span]:
    """Move phones to the codec's frames; those that meet go on meeting, and none is shorter than a frame."""
    times, shortest, weights = [], [], []
    for span in spans:
        times += [span.start, span.end]
        shortest += [0, 1]
        weights += [_VOWEL_WEIGHT if span.name in VOWEL_PHONES else 1.0, 1.0]
    placed = iter(on_frames(times, shortest, weights))
    return [replace(span, start=start, end=end) for span, start, end in zip(spans, placed, placed, strict=True)]


def _natural(word: Word, phone: int) -> float:
    return min(_LONGEST_CONSONANT, float(word.bounds[phone + 1] - word.bounds[phone]))


def _consonants(word: Word, number: int, phones: range, before: float, room: float) -> list[_Span]:
    """Return consonants that end at `before`, squeezed into `room` seconds if necessary."""
    lengths = [_natural(word, k) for k in phones]
    squeeze = min(1.0, room / sum(lengths)) if lengths else 1.0
    spans = []
    for k, length in zip(reversed(phones), reversed(lengths), strict=True):
        spans.append(_Span(word, number, k, before - squeeze * length, before))
        before -= squeeze * length
    return spans[::-1]


def _warp(span: _Span) -> tuple[list[float], list[float]]:
    """Return the knots of the time warp in line and word: a long vowel is held, its edges keep their pace."""
    begin, end = float(span.word.bounds[span.phone]), float(span.word.bounds[span.phone + 1])
    spoken, extra = end - begin, span.end - span.start - (end - begin)
    if span.name not in VOWEL_PHONES or extra <= 0:
        return [span.start], [begin]
    head, tail = (0.25, 0.55) if span.name in DIPHTHONGS else (0.35, 0.35)
    return (
        [span.start, span.start + head * spoken, span.end - tail * spoken],
        [begin, begin + head * spoken, end - tail * spoken],
    )


def _runs(spans: Sequence[_Span]) -> list[list[_Span]]:
    """Group consecutive phones of one recording that are sung without a pause."""
    runs: list[list[_Span]] = []
    for span in spans:
        last = runs[-1][-1] if runs else None
        if last and last.goes_on_in(span):
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _gather(spans: Sequence[_Span], times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return envelope float32 [T, 513], coded aperiodicity [T] and voicing bool [T] of the line."""
    envelope = np.full((len(times), FFT_SIZE // 2 + 1), _FLOOR, np.float32)
    aperiodicity, voiced = np.zeros(len(times), np.float32), np.zeros(len(times), bool)
    joins = []
    for run in _runs(spans):
        word = run[0].word
        line_knots, word_knots = [], []
        for span in run:
            line, spoken = _warp(span)
            line_knots += line
            word_knots += spoken
        line_knots.append(run[-1].end)
        word_knots.append(float(word.bounds[run[-1].phone + 1]))
        first, last = np.searchsorted(times, [run[0].start, run[-1].end])
        position = np.interp(times[first:last], line_knots, word_knots) / PERIOD_SECONDS
        low = np.minimum(position.astype(int), len(word.envelope) - 2)
        blend = (position - low).astype(np.float32)
        below, above = word.envelope[low].astype(np.float32), word.envelope[low + 1].astype(np.float32)
        envelope[first:last] = below + (above - below) * blend[:, None]
        aperiodicity[first:last] = word.aperiodicity[low] * (1 - blend) + word.aperiodicity[low + 1] * blend
        voiced[first:last] = word.voiced[np.minimum(np.rint(position).astype(int), len(word.voiced) - 1)]
        joins += [first, last]
    for join in joins:  # two frames either side of a join lean towards each other
        around = slice(max(join - 2, 0), min(join + 2, len(times)))
        middle = envelope[max(join - 3, 0) : join + 3].mean(0)
        envelope[around] = 0.5 * (envelope[around] + middle)
    return envelope, aperiodicity, voiced


def _pitch(notes: Sequence[SungNote], times: np.ndarray, singer: Singer) -> np.ndarray:
    """Return the melody as MIDI note numbers [T]."""
    lag = 2 * _DAMPING / singer.glide  # seconds by which the spring comes late
    starts = [
        notes[i].start - lag if i and notes[i].start - notes[i - 1].end < _LEGATO else notes[i].start - 0.2
        for i in range(len(notes))
    ]
    which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    target = np.array([note.pitch for note in notes], float)[which]
    spring = ([singer.glide**2], [1.0, 2 * _DAMPING * singer.glide, singer.glide**2])
    above, below = scipy.signal.bilinear(*spring, fs=1 / PERIOD_SECONDS)
    pitch: np.ndarray = target[0] + scipy.signal.lfilter(above, below, target - target[0])
    pitch += 0.04 * np.sin(2 * np.pi * 0.7 * times) + 0.03 * np.sin(2 * np.pi * 1.9 * times + 1)
    for i, note in enumerate(notes):
        first, last = np.searchsorted(times, [note.start, note.end + 0.02])
        since = times[first:last] - note.start
        if note.end - note.start > singer.delay + 0.2:
            depth = singer.depth * np.clip((since - singer.delay) / 0.3, 0.0, 1.0)
            pitch[first:last] += depth * np.sin(2 * np.pi * singer.rate * (since - singer.delay))
        if i == 0 or note.start - notes[i - 1].end >= _LEGATO:
            first = int(np.searchsorted(times, note.start - 0.2))
            since = np.maximum(times[first:last] - note.start, 0.0)
            pitch[first:last] -= 0.5 * np.exp(-since / 0.04)
    return pitch


def _tract(envelope: np.ndarray, singer: Singer) -> np.ndarray:
    """Return the envelope with its formants scaled, and tilted."""
    bins = np.arange(FFT_SIZE // 2 + 1)
    if singer.tract != 1.0:
        place = np.minimum(bins / singer.tract, FFT_SIZE // 2 - 1e-3)
        low = place.astype(int)
        blend = (place - low).astype(np.float32)
        envelope = np.take(envelope, low, 1) * (1 - blend) + np.take(envelope, low + 1, 1) * blend
    octaves = np.clip(np.log2(np.maximum(bins, 1) * (VOICE_RATE / FFT_SIZE) / 1500), -2.5, 2.5)
    tilted: np.ndarray = envelope + (singer.bright * np.log(10) / 10 * octaves).astype(np.float32)
    return tilted


def _shape(
    envelope: np.ndarray, spans: Sequence[_Span], times: np.ndarray, voiced: np.ndarray, natural: bool
) -> np.ndarray:
    """Return the envelope with even level, softer sibilants, presence and soft ends."""
    level = np.log(np.exp(envelope).mean(1) + 1e-9)  # nepers of power, 0 = a vowel's mean
    even = -np.where(voiced, *_EVEN) * np.clip(level, -3.0, 3.0)
    even -= np.where(voiced, 0.0, np.maximum(0.7 * level + _SIBILANTS, 0.0))
    even = np.convolve(np.pad(even, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        rests = following is None or following.start > span.end + 0.02
        if rests and span.name in VOWEL_PHONES:  # a vowel before a rest dies away instead of stopping
            first, last = np.searchsorted(times, [span.end - 0.08, span.end])
            even[first:last] += np.linspace(0.0, -5.0, last - first)
    hertz = np.arange(FFT_SIZE // 2 + 1) * (VOICE_RATE / FFT_SIZE)
    presence = _PRESENCE * np.exp(-0.5 * (np.log2(np.maximum(hertz, 1.0) / 3200.0) / 0.6) ** 2)
    rumble = -2.0 / (1.0 + (hertz / 110.0) ** 4)
    shaped: np.ndarray = envelope + even[:, None].astype(np.float32) + (presence + rumble).astype(np.float32)
    if not natural:  # flite's vowels have a ridge of noise around 7 kHz
        shaped[voiced] += (-1.6 / (1.0 + np.exp((6400.0 - hertz) / 120.0))).astype(np.float32)
    return shaped


def _to_44100(samples: np.ndarray) -> np.ndarray:
    """Resample from 16 kHz in the frequency domain, exactly in time, and fade out from 6.6 kHz to 7.6 kHz.

    `audio.resample` would change the samples of every song that exists already.
    """
    blocks = scipy.fft.next_fast_len(-(-len(samples) // 160), real=True)  # 160 samples become 441
    spectrum = scipy.fft.rfft(samples.astype(np.float32), 160 * blocks)
    wide = np.zeros(441 * blocks // 2 + 1, np.complex64)
    wide[: 66 * blocks] = spectrum[: 66 * blocks]
    fade = np.cos(np.linspace(0, np.pi / 2, 10 * blocks, dtype=np.float32)) ** 2
    wide[66 * blocks : 76 * blocks] = spectrum[66 * blocks : 76 * blocks] * fade
    full: np.ndarray = scipy.fft.irfft(wide, 441 * blocks) * np.float32(441 / 160)
    return full[: -(-len(samples) * 441 // 160)]
