"""The published recipe at small shapes: with the codec and tokenizer of published weights, to a model that sings."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.cli.main import run as khala
from khala.models.codec.config import DacConfig
from khala.models.presets import official as preset_official
from khala.training import log
from khala.training.parts import system
from khala.training.recipe import preset
from khala.training.recipe_file import load_recipe
from khala.weights import LoadedModel, load_model

RECIPE = Path(__file__).parents[2] / "recipes" / "published" / "recipe.toml"
SMALL = {
    "text_vocab": 512, "codebook": 32, "dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "ffn": 48,
}  # fmt: skip
BUDGET = {
    "tokens": 0, "steps": 2, "batch_tokens": 400, "micro_batch_tokens": 400, "length_multiple": 8, "max_frames": 24,
    "precision": "float32", "compile": "", "sample_steps": 2, "log_steps": 1,
}  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Four songs of a second and a half."""
    folder = tmp_path / "corpus" / "00000"
    folder.mkdir(parents=True)
    for seed in range(4):
        noise = np.random.default_rng(seed).uniform(-0.5, 0.5, (32 * 2048, 2))
        soundfile.write(folder / f"song-{seed}.flac", noise, 44100)
        song = {"generator": 0, "seed": seed, "style": "pop", "duration": 5.0, "frames": 32, "tags": ["pop"]}
        song |= {"description": "A pop song.", "lyrics": "[verse]\nhold on", "vocal": "male", "truth": {}}
        (folder / f"song-{seed}.json").write_text(json.dumps(song))
    return tmp_path / "corpus"


def settings(parts: Path, **shapes: int) -> list[str]:
    changes = [f"shapes.{name}={value}" for name, value in {**SMALL, **shapes}.items()]
    changes += [f"{part}.{name}={value}" for part in ("backbone", "superres") for name, value in BUDGET.items()]
    return [f"parts_from={parts}", *changes, "superres.causal=0.5"]


def test_the_recipe_has_the_published_shapes() -> None:
    recipe = load_recipe(RECIPE)
    config = preset(recipe)
    assert config == preset_official() and isinstance(config.codec, DacConfig)
    assert config.prompt.backbone_limit + 2 * recipe.backbone.max_frames == 16384 == recipe.backbone.micro_batch_tokens
    assert config.prompt.superres_limit + recipe.superres.max_frames == 8192 == recipe.superres.micro_batch_tokens
    assert 0 < recipe.superres.causal < 1, "hybrid"


def test_from_songs_to_a_model_of_the_published_kind(
    official: Callable[..., LoadedModel], corpus: Path, tmp_path: Path
) -> None:
    parts, run = official("a").folder, tmp_path / "run"
    small = [word for one in settings(parts) for word in ("--set", one)]
    tokens = f"memory://{tmp_path.name}"
    assert khala(["corpus", "tokenize", str(corpus), "--codec", str(parts), "--out", tokens]) == 0
    for part in ("backbone", "superres", "assemble"):
        assert khala(["train", part, str(RECIPE), *small, "--run", str(run), "--tokens", tokens]) == 0
    kinds = {name for line in log.read(run / "superres") for name in line["loss"]}
    assert {"q0", "q1", "q2-3", "q32-63"} <= kinds, "both objectives, all levels"
    assert list((run / "superres" / "samples" / "step-00000002").iterdir())

    made, theirs = load_model(run / "model"), official("a")
    assert made.config.superres.levels == 64 and made.config.codec == theirs.config.codec
    assert made.config.superres.codebook_dim is None and made.config.prompt == preset_official().prompt
    assert made.config.license == theirs.config.license
    for file in ("codec.safetensors", "tokenizer.json"):
        assert (run / "model" / file).read_bytes() == (parts / file).read_bytes(), file
    wish = ["--tags", "pop", "--instrumental", "--duration", "5", "--seed", "1", "-o", str(tmp_path / "song.wav")]
    assert khala(["generate", "--model", str(run / "model"), *wish, "--device", "cpu", "--quiet"]) == 0


def test_parts_of_other_sizes_are_refused(
    official: Callable[..., LoadedModel], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = official("a").folder
    assert system(load_recipe(RECIPE, settings(parts))).codec == official("a").config.codec
    other = [word for one in settings(parts, codebook=64) for word in ("--set", one)]
    assert khala(["train", "backbone", str(RECIPE), *other, "--run", str(tmp_path)]) == 2
    assert "codebook is 64, and 32 in the model" in capfd.readouterr().err
    assert khala(["train", "backbone", str(RECIPE), "--set", "shapes.heads=7", "--run", str(tmp_path)]) == 2
    assert "[shapes] does not fit the preset 'official'" in capfd.readouterr().err
