"""Voice bank: words spoken by flite and lines read by natural voices, analysed by WORLD and cached on disk.

A spoken word takes a twentieth of a second, a line some seconds, and both are sung many times: they are spoken when
first needed and read from the cache from then on. Processes may share a cache folder.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyworld
import scipy.ndimage
import scipy.signal
import soundfile

from khala.corpus.composer.voice import kokoro
from khala.corpus.composer.voice.errors import ToolMissing
from khala.corpus.composer.voice.phones import VOICELESS, VOWEL_PHONES, from_arpabet
from khala.music.errors import KhalaError

VOICE_RATE = 16000
"""Sample rate of the spoken voices, Hz."""
PERIOD_SECONDS = 0.005
"""Time from one analysis frame to the next."""
FFT_SIZE = 1024
"""Samples of the FFT of spectral envelopes, which have 513 bins."""
NATURAL = "kokoro/"
"""Prefix of speakers that are Kokoro's voices."""
_EDGE_FRAMES = 4  # of a vowel of a natural voice, on either side, may be voiceless
_VERSION = 1  # of everything that changes what a cached word holds
_IN_MEMORY = 1500  # words of 100 kB, or lines of 500


@dataclass(frozen=True)
class Word:
    """A spoken word, or a line, in T frames of `PERIOD_SECONDS` seconds.

    `bounds` are the starts of the phones in seconds, and the end of the last; `envelope` float16 [T, 513] is the
    natural logarithm of the power spectrum, its vowels at mean power 1; `aperiodicity` float32 [T] is WORLD's one coded
    band; `voiced` bool [T].
    """

    phones: tuple[str, ...]
    bounds: np.ndarray
    envelope: np.ndarray
    aperiodicity: np.ndarray
    voiced: np.ndarray


def default_cache() -> Path:
    """Return the default folder of the cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "khala" / "voices"


class Place(NamedTuple):
    """The place of a word of a line: its own recording or that of the line, and the indices of its phones there."""

    recording: Word
    phones: range


class VoiceBank:
    """Spoken words by speaker and spelling. `lexicon` maps spellings to ARPAbet phones, `cache` is a folder.

    A speaker is a voice of flite, or, as "kokoro/af_heart", one of Kokoro, which reads a line as a whole.
    """

    def __init__(self, lexicon: Mapping[str, Sequence[str]], cache: Path | None = None) -> None:
        self._lexicon = lexicon
        self._cache = cache or default_cache()
        self._words: dict[tuple[str, str], Word] = {}

    def line(self, speaker: str, words: Sequence[str]) -> list[Place]:
        """Return the words of a line as a speaker says them. Raises `ToolMissing` if a voice is needed and missing."""
        if not speaker.startswith(NATURAL):
            recordings = [self.word(speaker, word) for word in words]
            return [Place(recording, range(len(recording.phones))) for recording in recordings]
        phones = [from_arpabet(self._reading(word)) for word in words]
        ends = list(accumulate(map(len, phones)))
        spelled = [kokoro.READING_VERSION, *(name for word in phones for name in (*word, "|"))]
        recording = self._kept(speaker, words[0], spelled, lambda: self._read(speaker, words))
        return [Place(recording, range(end - len(word), end)) for end, word in zip(ends, phones, strict=True)]

    def word(self, speaker: str, spelling: str) -> Word:
        """Return a word as one of flite's voices says it. Raises `ToolMissing` if flite is needed and missing."""
        phones = from_arpabet(self._reading(spelling))
        return self._kept(speaker, spelling, phones, lambda: _analyse(*_speak(speaker, phones), phones))

    def _reading(self, spelling: str) -> Sequence[str]:
        if spelling not in self._lexicon:
            raise KhalaError(f"the lexicon does not hold the word {spelling!r}")
        return self._lexicon[spelling]

    def _read(self, speaker: str, words: Sequence[str]) -> Word:
        """Return a line as Kokoro reads it."""
        readings = [self._reading(word) for word in words]
        stressed = [next((n for n, phone in enumerate(phones) if phone.endswith("1")), -1) for phones in readings]
        phones = [from_arpabet(reading) for reading in readings]
        stresses = [place if len(word) > 2 else -1 for place, word in zip(stressed, phones, strict=True)]
        samples, bounds = kokoro.speak(speaker.removeprefix(NATURAL), list(zip(phones, stresses, strict=True)))
        # Not `audio.resample`: another filter would change every stored line, and with it songs that exist already.
        samples = scipy.signal.resample_poly(samples, VOICE_RATE, kokoro.KOKORO_RATE)
        return _analyse(samples, bounds, tuple(name for word in phones for name in word), natural=True)

    def _kept(self, speaker: str, name: str, phones: Sequence[str], make: Callable[[], Word]) -> Word:
        """Return a recording from the cache, after making it if it is not there yet."""
        digest = hashlib.sha256(f"{_VERSION} {' '.join(phones)}".encode()).hexdigest()[:12]
        key = (speaker, digest)
        if key not in self._words:
            path = self._cache / speaker / f"{name}-{digest}.npz"
            if not path.exists():
                _save(path, make())
            self._words[key] = _load(path)
            if len(self._words) > _IN_MEMORY:
                del self._words[next(iter(self._words))]
        return self._words[key]


def _speak(speaker: str, phones: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return flite's samples float64 [n] at `VOICE_RATE`, the starts of phones in seconds and the end of the last."""
    if shutil.which("flite") is None:
        raise ToolMissing("the program flite")
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "word.wav"
        text = " ".join(["pau", *phones, "pau"])
        command = ["flite", "-voice", speaker, "-psdur", "-p", text, "-o", str(wave)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples, rate = soundfile.read(wave, dtype="float64")
    timed = re.findall(r"(\w+):([\d.]+)", said)
    if rate != VOICE_RATE or tuple(name for name, _ in timed[1:-1]) != phones:
        raise KhalaError(f"flite spoke {said.strip()!r} at {rate} Hz instead of {' '.join(phones)} at {VOICE_RATE} Hz")
    return samples, np.array([float(end) for _, end in timed[:-1]])


def _analyse(samples: np.ndarray, bounds: np.ndarray, phones: tuple[str, ...], natural: bool = False) -> Word:
    period = PERIOD_SECONDS * 1000  # milliseconds
    if natural:
        f0, times = pyworld.harvest(samples, VOICE_RATE, f0_floor=60.0, f0_ceil=450.0, frame_period=period)
    else:
        f0, times = pyworld.dio(samples, VOICE_RATE, f0_floor=60.0, f0_ceil=400.0, frame_period=period)
        f0 = pyworld.stonemask(samples, f0, times, VOICE_RATE)
    phone = np.clip(np.searchsorted(bounds, times, side="right") - 1, 0, len(phones) - 1)
    inside = (times >= bounds[0]) & (times < bounds[-1])
    vowel = np.array([name in VOWEL_PHONES for name in phones])[phone] & inside
    if natural:  # the bounds are a guess: only in the middle of a vowel they beat the pitch tracker
        voiced = inside & ((f0 > 0) | scipy.ndimage.binary_erosion(vowel, iterations=_EDGE_FRAMES))
    else:  # the phones are more reliable than the pitch tracker: fill its gaps, drop its false finds
        voiced = inside & np.array([name not in VOICELESS for name in phones])[phone]
    heard = np.flatnonzero(f0 > 0)
    filled = np.interp(np.arange(len(f0)), heard, f0[heard]) if len(heard) else np.full(len(f0), 120.0)
    f0 = np.where(voiced, filled, 0.0)
    power = pyworld.cheaptrick(samples, f0, times, VOICE_RATE, fft_size=FFT_SIZE)
    noise = pyworld.d4c(samples, f0, times, VOICE_RATE, threshold=0.0, fft_size=FFT_SIZE)
    envelope = np.log(np.maximum(power, 1e-16)) - np.log(power[vowel & voiced].mean())
    first = int(bounds[0] / PERIOD_SECONDS)  # without the silence around the word
    last = min(len(times), int(np.ceil(bounds[-1] / PERIOD_SECONDS)) + 2)
    return Word(
        phones=phones,
        bounds=bounds - first * PERIOD_SECONDS,
        envelope=envelope[first:last].astype(np.float16),
        aperiodicity=pyworld.code_aperiodicity(noise, VOICE_RATE)[first:last, 0].astype(np.float32),
        voiced=voiced[first:last],
    )


def _save(path: Path, word: Word) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez(file, **{**vars(word), "phones": np.array(word.phones)})
    Path(file.name).replace(path)


def _load(path: Path) -> Word:
    with np.load(path, allow_pickle=False) as stored:
        return Word(**{**stored, "phones": tuple(str(phone) for phone in stored["phones"])})
