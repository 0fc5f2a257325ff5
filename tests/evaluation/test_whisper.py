"""A Whisper with random weights cannot read, but takes the whole path; faster-whisper is stood in for."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from khala.evaluation.whisper import RATE, reader
from khala.music.errors import InvalidRequest

SAMPLES = np.random.default_rng(0).normal(size=(2, 44100)).astype(np.float32) * 0.1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper of a few thousand weights that always says "ab"."""
    home = tmp_path_factory.mktemp("whisper")
    specials = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|translate|>"]
    specials += ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    words = {letter: number for number, letter in enumerate("abcdefgh")}
    (home / "vocab.json").write_text(json.dumps(words | {s: 8 + i for i, s in enumerate(specials)}))
    (home / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = WhisperTokenizer(str(home / "vocab.json"), str(home / "merges.txt"), additional_special_tokens=specials)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=80), tokenizer).save_pretrained(home)
    config = WhisperConfig(
        vocab_size=20, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, pad_token_id=8, bos_token_id=8,
        eos_token_id=8, decoder_start_token_id=9, suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=9, eos_token_id=8, pad_token_id=8, is_multilingual=False, max_new_tokens=4,
        no_timestamps_token_id=16, return_timestamps=False,
    )  # fmt: skip
    model.save_pretrained(home)
    return home


def test_a_folder_of_transformers_is_read(folder: Path) -> None:
    text = reader(folder)(SAMPLES, 44100)
    assert isinstance(text, str) and text == reader(folder)(SAMPLES, 44100)


def test_a_folder_of_ctranslate2_is_read_by_faster_whisper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []

    class WhisperModel:
        def __init__(self, path: str, device: str) -> None:
            heard.append(path)

        def transcribe(self, mono: np.ndarray, language: str, **_: Any) -> tuple[list[SimpleNamespace], None]:
            heard.append((len(mono), mono.dtype, language))
            return [SimpleNamespace(text=" We sing "), SimpleNamespace(text="along.")], None

    package = ModuleType("faster_whisper")
    package.WhisperModel = WhisperModel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", package)
    (tmp_path / "model.bin").write_bytes(b"")
    assert reader(tmp_path)(SAMPLES, 44100) == "We sing along."
    assert heard == [str(tmp_path), (RATE, np.float32, "en")]


def test_a_missing_package_and_a_folder_without_a_model_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidRequest, match="holds no Whisper model"):
        reader(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(InvalidRequest, match="holds no Whisper model"):
        reader(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(InvalidRequest, match="cannot read the Whisper model"):
        reader(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(InvalidRequest, match="pip install faster-whisper"):
        reader(tmp_path)
