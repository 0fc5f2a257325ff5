"""Saving model folders: whole or not at all."""

import copy
import resource
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import OutputError
from khala.weights import load_model, save_model
from khala.weights.loading import build_codec
from khala.weights.tokenizer import Tokenizer

Modules = tuple[nn.Module, nn.Module, nn.Module]


def test_saving_replaces_a_model_and_nothing_else(folder: Path, tmp_path: Path, modules: Modules) -> None:
    (folder / "README.md").write_text("old")
    save_model(folder, tiny(), *modules, Tokenizer.of_bytes(), "new")
    assert (folder / "README.md").read_text() == "new"
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "a.wav").write_text("")
    with pytest.raises(OutputError, match="something else than a model"):
        save_model(tmp_path / "songs", tiny(), *modules, Tokenizer.of_bytes(), "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "songs"]


def test_a_failed_save_leaves_the_old_model(folder: Path, modules: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_model(folder).digest
    monkeypatch.setattr(Tokenizer, "save", lambda self, file: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save_model(folder, tiny(), *modules, Tokenizer.of_bytes(), "")
    assert load_model(folder).digest == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_weight_that_half_precision_cannot_hold(tmp_path: Path, modules: Modules) -> None:
    backbone, superres, codec = copy.deepcopy(modules)
    with torch.no_grad():
        backbone.get_parameter("norm.weight").fill_(1e6)
    with pytest.raises(ValueError, match=r"norm\.weight holds NaN, infinity, or a value too large"):
        save_model(tmp_path / "model", tiny(), backbone, superres, codec, Tokenizer.of_bytes(), "")
    assert list(tmp_path.iterdir()) == []


def test_tied_weights_are_stored_once(tmp_path: Path) -> None:
    preset = tiny()
    config: ModelConfig = replace(preset, backbone=replace(preset.backbone, tied=True))
    codec = build_codec(config.codec)
    codec.codebooks.normal_()
    save_model(
        tmp_path / "tied", config, Backbone(config.backbone), Superres(config.superres), codec, Tokenizer.of_bytes(), ""
    )
    assert "head.weight" not in load_file(tmp_path / "tied" / "backbone.safetensors")
    loaded = load_model(tmp_path / "tied").backbone
    assert loaded.head.weight is loaded.embedding.weight


def test_a_full_disk(tmp_path: Path, modules: Modules) -> None:
    """No file may grow beyond 20 kB: the first weights do not fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OutputError, match=r"^cannot write the model to .*File too large") as caught:
            save_model(tmp_path / "model", tiny(), *modules, Tokenizer.of_bytes(), "")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
