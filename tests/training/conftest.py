"""A small folder of token shards without any audio: periodic codes that differ by style, so there is much to learn."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from steps import Step, recorded

from khala.models.presets import tiny

WORDS = ["river", "morning", "fire", "window", "silver", "road", "dancing", "winter", "stay", "alone"]


def write_tokens(folder: Path, songs: int = 40, frames: tuple[int, int] = (40, 72), seed: int = 3) -> Path:
    config = tiny()
    layout = config.layout
    torch.manual_seed(seed)
    dice = random.Random(seed)
    books = torch.randn(layout.levels, layout.codebook, config.codec.dim)
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
