"""Intelligibility of lyrics, by the phone recogniser that `khala train recogniser` made from the corpus.

`lyric_score` is the likelihood of the lyrics given the audio. It needs no decision about any phone, and so still tells
songs apart of which no transcript can be read.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import torch
from torch import Tensor

from khala.audio.resample import resample
from khala.models.recogniser import PHONE_FRAMES_PER_SECOND, RECOGNISER_SAMPLE_RATE, Recogniser, ctc_log_likelihood
from khala.music.phones import LETTERS, PHONES, phonetic
from khala.music.reading import sections
from khala.scoring.types import Array
from khala.weights.tensors import load_module


@dataclass(frozen=True)
class PhonePosteriors:
    """Log probabilities [T, 1 + phones] of both heads of the recogniser, `frame_rate` frames a second.

    `ctc` is read as a transcript, `frames` says which phone sounds in each frame; class 0 is "no phone".
    """

    ctc: Tensor
    frames: Tensor
    frame_rate: float = PHONE_FRAMES_PER_SECOND

    @property
    def sung_share(self) -> float:
        """Share of the frames in which a phone is heard."""
        return float((self.frames.argmax(1) > 0).float().mean())


def listen(samples: Array, rate: int) -> PhonePosteriors:
    """Recognise the phones of samples [channels, N]; NaN and infinity count as silence."""
    clean = np.nan_to_num(np.atleast_2d(samples), nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
    clean = resample(clean, rate, RECOGNISER_SAMPLE_RATE)
    model = recogniser()
    with torch.inference_mode():
        ctc, frames = model(model.features(torch.from_numpy(clean))[None])
    return PhonePosteriors(ctc[0], frames[0])


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
def recogniser() -> Recogniser:
    """Return the recogniser that the package ships."""
    model = Recogniser()
    with as_file(files("khala").joinpath("data", "listeners", "recogniser.safetensors")) as path:
        load_module(path, model)
    return model.eval()
