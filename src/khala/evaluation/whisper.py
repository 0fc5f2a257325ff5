"""Transcripts by a recogniser of the user: a Whisper-family model in a local folder.

Two layouts are read, each by its own package: CTranslate2's (`model.bin`) by faster-whisper, and that of transformers
(`model.safetensors`). Neither package is among the project's dependencies.
"""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from khala.audio.resample import resample
from khala.music.errors import InvalidRequest
from khala.scoring.types import Array

RATE = 16000
WINDOW = 30 * RATE
"""Samples that a Whisper model takes at once."""


def reader(folder: Path, language: str = "en") -> Callable[[Array, int], str]:
    """Return a function that transcribes samples [channels, N] at a rate. Raises InvalidRequest if the folder holds no
    such model, or the package that reads it is not installed."""
    if (folder / "model.bin").is_file():
        transcribe = _faster_whisper(folder, language)
    elif (folder / "model.safetensors").is_file() and _kind(folder) == "whisper":
        transcribe = _transformers(folder, language)
    else:
        raise InvalidRequest(
            f"{folder} holds no Whisper model; it should have model.bin (CTranslate2) or a Whisper's config.json and "
            "model.safetensors (transformers)"
        )

    def read(samples: Array, rate: int) -> str:
        mono = np.nan_to_num(np.atleast_2d(samples).mean(axis=0, keepdims=True))
        return transcribe(resample(mono, rate, RATE)[0].astype(np.float32)).strip()

    return read


def _faster_whisper(folder: Path, language: str) -> Callable[[Array], str]:
    model = _package("faster_whisper", "faster-whisper").WhisperModel(str(folder), device="cpu")

    def transcribe(mono: Array) -> str:
        segments, _ = model.transcribe(
            mono,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            no_speech_threshold=None,  # singing over a band is often taken for music alone
        )
        return " ".join(segment.text.strip() for segment in segments)

    return transcribe


def _transformers(folder: Path, language: str) -> Callable[[Array], str]:
    package = _package("transformers", "transformers")
    try:
        processor = package.WhisperProcessor.from_pretrained(folder, local_files_only=True)
        model = package.WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True).eval()
    except (OSError, ValueError, TypeError) as error:
        raise InvalidRequest(f"cannot read the Whisper model in {folder}: {str(error).splitlines()[0]}") from None
    options = {"language": language, "task": "transcribe"} if model.generation_config.is_multilingual else {}

    def transcribe(mono: Array) -> str:
        pieces = [mono[start : start + WINDOW] for start in range(0, len(mono), WINDOW)]
        inputs = processor(pieces, sampling_rate=RATE, return_tensors="pt").input_features
        return " ".join(processor.batch_decode(model.generate(inputs, **options), skip_special_tokens=True))

    return transcribe


def _kind(folder: Path) -> str:
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type"))
    except (OSError, ValueError, AttributeError):
        return ""


def _package(name: str, product: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InvalidRequest(f"this model is read by the package {product}: pip install {product}") from None
