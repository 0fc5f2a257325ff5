"""The word bank: every word spoken once by flite and taken apart by WORLD, then kept on disk.

A spoken word costs a third of a second and is sung thousands of times, so `VoiceBank.word` speaks it when it is first
asked for and reads it from the cache ever after. Processes may share one cache folder.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyworld
import soundfile

from khala.corpus.voice.phones import VOICELESS, VOWELS, from_arpabet
from khala.music.errors import KhalaError

RATE = 16000
"""Sample rate of the voices, Hz."""
PERIOD = 0.005
"""Seconds from one analysis frame to the next."""
FFT_SIZE = 1024
"""Of the spectral envelopes at `RATE`: 513 bins."""
_VERSION = 1  # of everything that changes what a cached word holds


class ToolMissing(KhalaError):
    """A program, library or sound font that only the corpus needs is not installed."""

    exit_status = 2

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is missing; install what the corpus needs with: "
            "apt-get install flite libfluidsynth3 fluid-soundfont-gm musescore-general-soundfont-small"
        )


@dataclass(frozen=True)
class Word:
    """A spoken word in T frames of `PERIOD` seconds.

    `bounds` are the seconds at which the phones begin, and the end of the last; `envelope` float16 [T, 513] is the
    natural logarithm of the power spectrum, its vowels at mean power 1; `aperiodicity` float32 [T] is WORLD's one coded
    band; `voiced` bool [T].
    """

    phones: tuple[str, ...]
    bounds: np.ndarray
    envelope: np.ndarray
    aperiodicity: np.ndarray
    voiced: np.ndarray


def default_cache() -> Path:
    """Where spoken words are kept when nobody says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "khala" / "voices"


class VoiceBank:
    """Words by speaker (a voice of flite) and spelling. `lexicon` gives their ARPAbet phones, `cache` is a folder."""

    def __init__(self, lexicon: Mapping[str, Sequence[str]], cache: Path | None = None) -> None:
        self._lexicon = lexicon
        self._cache = cache or default_cache()
        self._words: dict[tuple[str, str], Word] = {}

    def word(self, speaker: str, spelling: str) -> Word:
        """The word as that speaker says it. Raises `ToolMissing` when flite is needed and not there."""
        key = (speaker, spelling)
        if key not in self._words:
            if spelling not in self._lexicon:
                raise KhalaError(f"the lexicon does not hold the word {spelling!r}")
            phones = from_arpabet(self._lexicon[spelling])
            digest = hashlib.sha256(f"{_VERSION} {' '.join(phones)}".encode()).hexdigest()[:12]
            path = self._cache / speaker / f"{spelling}-{digest}.npz"
            if not path.exists():
                _save(path, _analyse(*_speak(speaker, phones), phones))
            self._words[key] = _load(path)
        return self._words[key]


def _speak(speaker: str, phones: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """flite's samples float64 [n] at `RATE` and the seconds where the phones begin, with the end of the last one."""
    if shutil.which("flite") is None:
        raise ToolMissing("the program flite")
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "word.wav"
        text = " ".join(["pau", *phones, "pau"])
        command = ["flite", "-voice", speaker, "-psdur", "-p", text, "-o", str(wave)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples, rate = soundfile.read(wave, dtype="float64")
    timed = re.findall(r"(\w+):([\d.]+)", said)
    if rate != RATE or tuple(name for name, _ in timed[1:-1]) != phones:
        raise KhalaError(f"flite spoke {said.strip()!r} at {rate} Hz instead of {' '.join(phones)} at {RATE} Hz")
    return samples, np.array([float(end) for _, end in timed[:-1]])


def _analyse(samples: np.ndarray, bounds: np.ndarray, phones: tuple[str, ...]) -> Word:
    f0, times = pyworld.dio(samples, RATE, f0_floor=60.0, f0_ceil=400.0, frame_period=PERIOD * 1000)
    f0 = pyworld.stonemask(samples, f0, times, RATE)
    # The phones know better than the pitch tracker what is voiced: fill its holes, drop its ghosts.
    phone = np.clip(np.searchsorted(bounds, times, side="right") - 1, 0, len(phones) - 1)
    voiced = np.array([name not in VOICELESS for name in phones])[phone] & (times >= bounds[0]) & (times < bounds[-1])
    heard = np.flatnonzero(f0 > 0)
    filled = np.interp(np.arange(len(f0)), heard, f0[heard]) if len(heard) else np.full(len(f0), 120.0)
    f0 = np.where(voiced, filled, 0.0)
    power = pyworld.cheaptrick(samples, f0, times, RATE, fft_size=FFT_SIZE)
    noise = pyworld.d4c(samples, f0, times, RATE, threshold=0.0, fft_size=FFT_SIZE)
    vowel = np.array([name in VOWELS for name in phones])[phone] & voiced
    envelope = np.log(np.maximum(power, 1e-16)) - np.log(power[vowel].mean())
    first, last = int(bounds[0] / PERIOD), min(len(times), int(np.ceil(bounds[-1] / PERIOD)) + 2)  # trim the silence
    return Word(
        phones=phones,
        bounds=bounds - first * PERIOD,
        envelope=envelope[first:last].astype(np.float16),
        aperiodicity=pyworld.code_aperiodicity(noise, RATE)[first:last, 0].astype(np.float32),
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
