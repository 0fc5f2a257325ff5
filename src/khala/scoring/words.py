"""Intelligibility of lyrics, by the phone recogniser that `khala train recogniser` made from the corpus.

`lyric_score` is the likelihood of the lyrics given the audio. It needs no decision about any phone, and so still tells
songs apart of which no transcript can be read.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from khala.audio.resample import resample
from khala.engine.onnx.recogniser import RecogniserSession
from khala.models.recogniser.features import PHONE_FRAMES_PER_SECOND, RECOGNISER_SAMPLE_RATE
from khala.music.phones import LETTERS, PHONES, phonetic
from khala.music.reading import sections
from khala.scoring.ctc import ctc_log_likelihood
from khala.scoring.types import Array


@dataclass(frozen=True)
class PhonePosteriors:
    """Log probabilities [T, 1 + phones] of both heads of the recogniser, `frame_rate` frames a second.

    `ctc` is read as a transcript, `frames` says which phone sounds in each frame; class 0 is "no phone".
    """

    ctc: Array
    frames: Array
    frame_rate: float = PHONE_FRAMES_PER_SECOND

    @property
    def sung_share(self) -> float:
        """Share of the frames in which a phone is heard."""
        return float((self.frames.argmax(1) > 0).mean())


def listen(samples: Array, rate: int) -> PhonePosteriors:
    """Recognise the phones of samples [channels, N]; NaN and infinity count as silence."""
    clean = np.nan_to_num(np.atleast_2d(samples), nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
    return PhonePosteriors(*recogniser().listen(resample(clean, rate, RECOGNISER_SAMPLE_RATE)))


def lyric_score(samples: Array, rate: int, lyrics: str) -> float:
    """Return the log likelihood of the lyrics in nats per phone, given samples [channels, N].

    The higher, the clearer all of them are sung, and nothing else. Comparable between songs of the same words only.
    """
    phones = phones_of(lyrics)
    return ctc_log_likelihood(listen(samples, rate).ctc, phones) / max(len(phones), 1)


def phones_of(lyrics: str) -> list[str]:
    """Return the phones of the lyrics in order; words that cannot be read in English have none."""
    return [phone for _, line in phone_lines(lyrics) for phone in line]


def phone_lines(lyrics: str) -> list[tuple[int, list[str]]]:
    """Return the phones of every sung line, with the number of the line's section (`music.reading.sections`)."""
    return [
        (number, [PHONES[LETTERS.index(letter)] for letter in phonetic(line) if letter in LETTERS])
        for number, section in enumerate(sections(lyrics))
        for line in section.lines
    ]


@cache
def recogniser() -> RecogniserSession:
    """Open the recogniser that the package ships. Raises ModelError."""
    return RecogniserSession(Path(str(files("khala"))) / "data" / "listeners")
