"""From a run's parts to a model folder that loads, and the command line that leads there."""

import shutil
from pathlib import Path

import pytest
import torch

from khala.cli.main import run as khala
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.presets import tiny
from khala.weights import load_model

RECIPE = """
preset = "tiny"
[codec.model]
{codec}
[backbone]
steps = 3
batch_tokens = 300
micro_batch_tokens = 150
log_steps = 1
max_frames = 20
threads = 1
[superres]
steps = 3
batch_tokens = 300
micro_batch_tokens = 150
max_frames = 20
threads = 1
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    codec = tiny().codec
    changed = ("bands", "balance_bands", "low_bins", "dim", "codebook", "levels", "width", "blocks")
    path = tmp_path / "tiny" / "recipe.toml"
    path.parent.mkdir()
    path.write_text(RECIPE.format(codec="\n".join(f"{name} = {getattr(codec, name)}" for name in changed)))
    return path


def test_train_and_assemble_by_command(
    recipe: Path, tokens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "tiny"  # the default: runs/ and the name of the recipe's folder
    shutil.copytree(tokens, run / "tokens")
    torch.manual_seed(0)
    save_codec(SpectralCodec(tiny().codec), run / "codec")

    assert khala(["train", "superres", str(recipe)]) == 3
    assert "khala train backbone" in capfd.readouterr().err
    assert khala(["train", "backbone", str(recipe), "--set", "backbone.steps=4"]) == 0
    assert "step      4  held-out" in capfd.readouterr().err
    assert khala(["train", "assemble", str(recipe)]) == 3
    assert "khala train superres" in capfd.readouterr().err
    assert khala(["train", "superres", str(recipe), "--threads", "1"]) == 0
    assert khala(["train", "assemble", str(recipe)]) == 0

    loaded = load_model(run / "model")
    assert loaded.config == tiny()
    card = (run / "model" / "README.md").read_text()
    assert "hours of songs" in card and "- backbone: q0 " in card and "| superres |" in card and "{" not in card


def test_wrong_recipes_end_with_status_2(recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert khala(["train", "backbone", str(recipe), "--set", "backbone.speed=9"]) == 2
    assert khala(["train", "backbone", str(tmp_path / "none.toml")]) == 2
    assert khala(["train", "backbone", str(recipe), "--run", str(tmp_path / "empty")]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 3 and all(line.startswith("khala: ") for line in lines)
