"""A voice bank without a speaker and a score for it: tests of singing and mixing need neither flite nor FluidSynth."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from khala.corpus.composer.render import Rendered
from khala.corpus.composer.score import Chord, FormSection, InstrumentPart, Mix, Note, Score, SungLine, SungSyllable
from khala.corpus.composer.synth import write_song
from khala.corpus.composer.voice.bank import FFT_SIZE, PERIOD_SECONDS, VOICE_RATE, Place, Word

SPOKEN = {"la": ("l", "aa"), "moon": ("m", "uw", "n"), "sister": ("s", "ih", "s", "t", "er"), "night": ("n", "ay", "t")}
SECONDS = 0.1
"""Of every phone."""


class SyntheticBank:
    """Words of `SPOKEN`: every phone lasts `SECONDS`, vowels have two formants, "s" and "t" are noise."""

    def line(self, speaker: str, words: Sequence[str]) -> list[Place]:
        recordings = [self.word(speaker, word) for word in words]
        return [Place(recording, range(len(recording.phones))) for recording in recordings]

    def word(self, speaker: str, spelling: str) -> Word:
        phones = SPOKEN[spelling]
        frames = round(len(phones) * SECONDS / PERIOD_SECONDS) + 2
        owner = np.minimum((np.arange(frames) * PERIOD_SECONDS / SECONDS).astype(int), len(phones) - 1)
        noisy = np.array([name in "st" for name in phones])[owner]
        hertz = np.arange(FFT_SIZE // 2 + 1) * VOICE_RATE / FFT_SIZE
        formants = np.log(np.exp(-(((hertz - 600) / 300) ** 2)) + 0.1 * np.exp(-(((hertz - 1800) / 500) ** 2)) + 1e-5)
        formants -= np.log(np.exp(formants).mean())
        hiss = np.where(hertz > 4000, 1.0, -8.0)
        return Word(
            phones=phones,
            bounds=np.arange(len(phones) + 1) * SECONDS,
            envelope=np.where(noisy[:, None], hiss, formants).astype(np.float16),
            aperiodicity=np.where(noisy, 0.0, -25.0).astype(np.float32),
            voiced=~noisy,
        )


def _score(voice: str = "female", frames_per_bar: int = 40) -> Score:
    """Eight bars of drums, bass and a chord; a line of "moon sister night" in bars 2 and 4, the same again in 6."""
    beats = [Note(float(beat), 0.5, 36 if beat % 2 == 0 else 38, 100) for beat in range(28)]
    bass = [Note(float(beat), 0.9, 40, 90) for beat in range(28)]
    chords = [Note(4.0 * bar, 3.9, pitch, 80) for bar in range(7) for pitch in (60, 64, 67)]
    words = ("moon", "sister", "night")
    lines = tuple(
        SungLine(0, " ".join(words), words, tuple(
            SungSyllable(word, index, 4.0 * bar + start, length, pitch + shift)
            for word, index, start, length, pitch in
            [(0, 0, 0.0, 1.0, 64), (1, 0, 1.0, 0.5, 67), (1, 1, 1.5, 0.5, 65), (2, 0, 2.5, 1.5, 64)]
        ))
        for bar, shift in ((2, 0), (4, 2), (6, 0))
    )  # fmt: skip
    return Score(
        seed=5, style="pop", key=0, mode="major", frames_per_bar=frames_per_bar, beats_per_bar=4, voice=voice,
        singer="ada" if voice else "", backing="",
        sections=(FormSection("verse", 0, 8, 0.5, tuple(Chord(4.0 * bar, 4.0, 0, "maj") for bar in range(8))),),
        parts=(
            InstrumentPart("drums", 0, tuple(beats), drums=True),
            InstrumentPart("bass", 33, tuple(bass), reverb=0.0),
            InstrumentPart("comp", 0, tuple(chords), pan=-0.5),
        ),
        lines=lines if voice else (), mix=Mix(),
        tags=("pop", "female vocals"), description="A pop song.", lyrics="[verse]\nmoon sister night" if voice else "",
    )  # fmt: skip


def _store(corpus: Path, seed: int) -> Path:
    """Puts a song of that seed, but without music, into a corpus; returns the path of its JSON."""
    song = replace(_score(), seed=seed)
    samples = np.full((2, song.frames * 2048), 0.25, np.float32)
    return write_song(corpus, song, Rendered(samples, {"bpm": song.bpm, "words": []}))


@pytest.fixture(scope="session")
def bank() -> SyntheticBank:
    return SyntheticBank()


@pytest.fixture(scope="session")
def score() -> Callable[..., Score]:
    """`score(voice="female", frames_per_bar=40)`."""
    return _score


@pytest.fixture(scope="session")
def store() -> Callable[[Path, int], Path]:
    """`store(corpus, seed)`."""
    return _store
