"""What the tests of training learn from.

Token shards without any audio: periodic codes that differ by style, so there is much to learn. Songs of decaying tones,
and a codec that is fitted to them.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file
from steps import Step, recorded

from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.presets import tiny
from khala.training.codec_recipe import CodecRecipe, FitRecipe, VocoderRecipe
from khala.training.objectives.codec.fit import fit_codec

WORDS = ["river", "morning", "fire", "window", "silver", "road", "dancing", "winter", "stay", "alone"]


def write_tokens(folder: Path, songs: int = 40, frames: tuple[int, int] = (40, 72), seed: int = 3) -> Path:
    config = tiny()
    layout = config.layout
    torch.manual_seed(seed)
    dice = random.Random(seed)
    books = torch.randn(layout.levels, layout.codebook, config.codec.dim).half().float()  # what a codec is saved with
    folder.mkdir(parents=True)
    save_file({"codebooks": books}, folder / "codebooks.safetensors")
    tensors, lines = {}, []
    for number in range(1, songs + 1):
        length = dice.randint(*frames)
        style, period = ("pop", 4) if number % 2 else ("rock", 6)
        time = torch.arange(length)
        codes = torch.stack([(time % period + 3 * level + period) % layout.codebook for level in range(layout.levels)])
        tensors[f"codes.{number}"] = codes.to(torch.int16)
        tensors[f"phones.{number}"] = (time % period).to(torch.uint8)
        vocal = "female" if number % 3 else ""
        lines.append(
            {
                "seed": number,
                "name": f"song-{number}",
                "frames": length,
                "tags": [style, "fast tempo", "female vocals" if vocal else "instrumental"],
                "description": f"A {style} song with a fast tempo.",
                "lyrics": "[verse]\n" + " ".join(dice.choices(WORDS, k=8)) if vocal else "",
                "duration": max(5.0, length * 2048 / 44100),
                "voice": vocal,
                "bpm": 120.0,
                "style": style,
            }
        )
    save_file(tensors, folder / "shard-0000.safetensors")
    (folder / "shard-0000.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tokens(tmp_path_factory.mktemp("tokens") / "tokens")


@pytest.fixture
def steps() -> Iterator[list[Step]]:
    """Every step of training that the test takes."""
    with recorded() as steps:
        yield steps


@pytest.fixture(scope="session")
def codec_recipe() -> CodecRecipe:
    return CodecRecipe(
        model=SpectralConfig(bands=24, balance_bands=4, low_bins=12, dim=12, codebook=16, levels=6, width=32, blocks=1),
        fit=FitRecipe(frames=400, excerpt_frames=40, held_out_frames=60, batch=200, first_iterations=6, iterations=3),
        vocoder=VocoderRecipe(steps=2, batch=2, frames=8, log_steps=1, eval_minutes=60, test_songs=1, test_seconds=1),
    )


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight songs of 4 s: a melody of decaying tones, panned, over noise bursts."""
    folder = tmp_path_factory.mktemp("tones") / "00000"
    folder.mkdir()
    for seed in range(8):
        random = np.random.default_rng(seed)
        length = 90 * 2048
        time = np.arange(length) / 44100
        left, right = np.zeros(length), np.zeros(length)
        for start in range(0, length, 8 * 2048):
            note = 110 * 2 ** (random.integers(0, 24) / 12)
            envelope = np.where(np.arange(length) >= start, np.exp(-4 * (time - start / 44100)), 0)
            tone = envelope * sum(np.sin(2 * np.pi * note * h * time) / h for h in range(1, 5))
            pan = random.uniform(0.2, 0.8)
            left, right = left + pan * tone, right + (1 - pan) * tone
            burst = random.normal(0, 0.1, 2048)
            left[start : start + 2048] += burst
            right[start : start + 2048] += burst
        soundfile.write(folder / f"song-{seed}.flac", np.stack([left, right], 1) / 4, 44100)
        (folder / f"song-{seed}.json").write_text("{}")
    return folder.parent


@pytest.fixture(scope="session")
def fitted(
    tones: Path, tmp_path_factory: pytest.TempPathFactory, codec_recipe: CodecRecipe
) -> tuple[SpectralCodec, Path]:
    out = tmp_path_factory.mktemp("fitted")
    return fit_codec(tones, codec_recipe, out), out
