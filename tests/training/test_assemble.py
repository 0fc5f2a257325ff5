"""From a run's parts to a model folder that loads, and the command line that leads there."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from khala.cli.main import run as khala
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.presets import mini, tiny
from khala.training.assemble import with_windows
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
    assert (
        khala(["train", "backbone", str(recipe), "--set", "backbone.steps=4", "--set", "backbone.sample_steps=4"]) == 0
    )
    assert list((run / "backbone" / "samples" / "step-00000004").glob("song-*.wav"))
    assert "step      4  held-out" in capfd.readouterr().err
    assert khala(["train", "assemble", str(recipe)]) == 3
    assert "khala train superres" in capfd.readouterr().err
    assert khala(["train", "superres", str(recipe), "--threads", "1", "--set", "superres.sample_steps=3"]) == 0
    assert list((run / "superres" / "samples" / "step-00000003").glob("song-*.wav"))
    assert khala(["train", "assemble", str(recipe)]) == 0

    loaded = load_model(run / "model")
    assert loaded.config == tiny()
    card = (run / "model" / "README.md").read_text()
    assert "hours of songs" in card and "- backbone: q0 " in card and "| superres |" in card and "{" not in card


def test_a_model_knows_how_long_the_parts_of_songs_were_that_it_learned_from() -> None:
    config = mini()
    assert with_windows(config, 1280).window_frames == 1280
    longest = with_windows(config, 5000).window_frames
    assert config.prompt.backbone_limit + 2 * longest + 1 <= config.backbone.context < 2 * longest + 1403
    assert with_windows(tiny(), 20) == tiny(), "without conditions it would not know where it is"


def test_a_model_is_assembled_of_checkpoints_while_its_parts_learn(
    recipe: Path, tokens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "tiny"
    shutil.copytree(tokens, run / "tokens")
    save_codec(SpectralCodec(tiny().codec), run / "codec")
    weights = {}
    for part in ("backbone", "superres"):
        assert khala(["train", part, str(recipe)]) == 0
        weights[part] = load_file(run / part / "model.safetensors")
    for part in weights:
        (run / part / "model.safetensors").unlink()
    assert khala(["train", "assemble", str(recipe)]) == 0
    loaded = load_model(run / "model")
    for part, tensors in weights.items():
        for name, weight in getattr(loaded, part).state_dict().items():
            assert torch.equal(weight, tensors[name].half().float()), name


def test_a_codec_of_another_shape_is_not_assembled(
    recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save_codec(SpectralCodec(replace(tiny().codec, width=24)), tmp_path / "codec")
    assert khala(["train", "assemble", str(recipe), "--run", str(tmp_path)]) == 3
    assert "is not the recipe's" in capfd.readouterr().err


def test_wrong_recipes_end_with_status_2(recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert khala(["train", "backbone", str(recipe), "--set", "backbone.speed=9"]) == 2
    assert khala(["train", "backbone", str(tmp_path / "none.toml")]) == 2
    assert khala(["train", "backbone", str(recipe), "--run", str(tmp_path / "empty")]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 3 and all(line.startswith("khala: ") for line in lines)
