"""What is sung, by the recogniser of phones that `khala train recogniser` made from the corpus.

It judges two things. How many phones of the lyrics are heard: `phoneme_error_rate`. And, for choosing among candidates,
how likely the lyrics are given what is heard: `lyric_score`, which needs no decision about any phone and so still tells
apart songs of which no transcript can be read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import resample_poly

from khala.music.distance import edits
from khala.music.phones import LETTERS, PHONES, phonetic
from khala.music.reading import sections
from khala.scoring.types import Array

if TYPE_CHECKING:
    from torch import Tensor

    from khala.models.recogniser import Recogniser


@dataclass(frozen=True)
class Heard:
    """Log probabilities [T, 41] of both heads of the recogniser, and how many frames are a second."""

    said: "Tensor"
    frames: "Tensor"
    rate: float

    @property
    def sung(self) -> float:
        """Share of the frames in which a phone is heard."""
        return float((self.frames.argmax(1) > 0).float().mean())


def listen(samples: Array, rate: int) -> Heard:
    """Hear samples [channels, N]; what is not a number counts as silence."""
    import torch

    from khala.models.recogniser import FRAME_RATE, RATE

    clean = np.nan_to_num(np.atleast_2d(samples), nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
    if rate != RATE:
        clean = resample_poly(clean, RATE, rate, axis=1).astype(np.float32)
    model = recogniser()
    with torch.inference_mode():
        said, frames = model(model.features(torch.from_numpy(clean))[None])
    return Heard(said[0], frames[0], FRAME_RATE)


def phones_of(lyrics: str) -> list[str]:
    """All phones of the lyrics in the order in which they are to be sung; words that nobody can read in English have
    none."""
    return [phone for _, line in lines_of(lyrics) for phone in line]


def lines_of(lyrics: str) -> list[tuple[int, list[str]]]:
    """The sung lines, each with the number of its section (`music.lyrics.sections`) and its phones."""
    return [
        (number, [PHONES[LETTERS.index(letter)] for letter in phonetic(line) if letter in LETTERS])
        for number, section in enumerate(sections(lyrics))
        for line in section.lines
    ]


def phones_of_prompt(text: str) -> list[str]:
    """The words of lyrics, or of what somebody wrote down: in lower case, without punctuation and section tags."""
    lines = [line for section in sections(text) for line in section.lines]
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", " ".join(lines).lower())


def transcript(heard: Heard) -> list[str]:
    """The phones that are heard."""
    from khala.models import recogniser

    return recogniser.transcript(heard.said)


def phoneme_error_rate(samples: Array, rate: int, lyrics: str) -> float:
    """Wrong, missing and superfluous phones of samples [channels, N] per phone of the lyrics. Raises ValueError if the
    lyrics hold nothing to sing."""
    return error_rate(transcript(listen(samples, rate)), phones_of(lyrics))


def error_rate(said: Sequence[str], meant: Sequence[str]) -> float:
    """Edits per word or phone of what was meant."""
    if not meant:
        raise ValueError("there is nothing that should have been sung")
    return edits(said, meant) / len(meant)


def lyric_score(samples: Array, rate: int, lyrics: str) -> float:
    """Nats of log likelihood of the lyrics per phone, given samples [channels, N]: the higher, the clearer they are
    sung, all of them and nothing else. Comparable between songs of the same words only."""
    from khala.models.recogniser import likelihood

    phones = phones_of(lyrics)
    return likelihood(listen(samples, rate).said, phones) / max(len(phones), 1)


@cache
def recogniser() -> "Recogniser":
    """The recogniser that the package ships."""
    from khala.models.recogniser import Recogniser
    from khala.weights.tensors import load_module

    model = Recogniser()
    with as_file(files("khala").joinpath("data", "listeners", "recogniser.safetensors")) as path:
        load_module(path, model)
    return model.eval()
