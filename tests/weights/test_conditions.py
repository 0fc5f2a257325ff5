"""A model folder says what conditions its model learned, and a model of others is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from khala.cli.main import run as khala
from khala.conditioning import vocabulary as conditions
from khala.conditioning.preview import preview
from khala.conditioning.vocabulary import vocabulary
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.music.request import SongRequest
from khala.weights import load_model, resolve, save_model
from khala.weights.digests import write_digests
from khala.weights.loading import build_codec
from khala.weights.names import DIGESTED, read_config
from khala.weights.tokenizer import Tokenizer

REQUEST = SongRequest(tags=("pop",), seed=1)
ROWS = 436
"""As in models of version 0.1.0."""


@pytest.fixture
def conditioned(tmp_path: Path) -> Path:
    """The folder of a tiny model whose backbone takes conditions."""
    backbone = replace(tiny().backbone, condition_rows=ROWS)
    config = replace(tiny(), backbone=backbone, conditions=vocabulary(ROWS))
    codec = build_codec(config.codec)
    codec.codebooks.normal_()
    backbone, superres = Backbone(config.backbone), Superres(config.superres)
    save_model(tmp_path / "conditioned", config, backbone, superres, codec, Tokenizer.of_bytes(), "")
    return tmp_path / "conditioned"


def rewrite(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the configuration, and seal the folder again."""
    values = json.loads((folder / "config.json").read_text())
    change(values)
    (folder / "config.json").write_text(json.dumps(values))
    write_digests(folder, DIGESTED)


def test_the_vocabulary_is_saved_and_loaded(conditioned: Path, folder: Path) -> None:
    assert json.loads((conditioned / "config.json").read_text())["conditions"] == vocabulary(ROWS)
    assert load_model(conditioned).config.backbone.condition_rows
    assert json.loads((folder / "config.json").read_text())["conditions"] is None


def test_the_shipped_model_has_it() -> None:
    assert json.loads((resolve("mini") / "config.json").read_text())["conditions"] == vocabulary()


def test_a_folder_from_before_is_taken_as_of_today(conditioned: Path) -> None:
    rewrite(conditioned, lambda values: values.pop("conditions"))
    assert preview(REQUEST, load_model(conditioned).config).outline is not None


def test_models_of_version_0_1_0_are_read(conditioned: Path) -> None:
    def as_before(values: dict[str, Any]) -> None:
        for part in ("backbone", "superres"):
            values[part]["cues"] = values[part].pop("condition_rows") > 0
        values["prompt"]["blank"] = values["prompt"].pop("supports_guidance")

    before = read_config(conditioned)
    rewrite(conditioned, as_before)
    assert read_config(conditioned) == before
    tensors = load_file(conditioned / "backbone.safetensors")
    table = tensors["cues.weight"] = tensors.pop("conditions.weight")
    save_file(tensors, conditioned / "backbone.safetensors")
    write_digests(conditioned, DIGESTED)
    loaded = load_model(conditioned).backbone.conditions
    assert loaded is not None and torch.equal(loaded.weight, table.float())


def test_a_model_of_other_names_is_refused_in_a_line(conditioned: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rewrite(conditioned, lambda values: values["conditions"]["styles"].sort())
    assert khala(["generate", "--model", str(conditioned)]) == 3
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("khala: the model tiny learned other conditions than this version of Khala has: ")
    assert "styles[0] is 'ballad' (here 'pop'), styles[1] is 'blues' (here 'rock')" in line
    assert line.endswith("; use the version it was trained with, or train it again") and " more; " in line


@pytest.mark.parametrize("names", ["SECTION_TAGS", "STYLE_NAMES", "VOICES", "PHONES"])
def test_names_that_change_place_in_the_code_no_longer_fit_the_shipped_model(
    names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *others = getattr(conditions, names)
    monkeypatch.setattr(conditions, names, (second, first, *others))
    with pytest.raises(ModelError, match=rf"s\[0\] is '{first}' \(here '{second}'\), \w+\[1\] is '{second}'"):
        preview(REQUEST, read_config(resolve("mini")))


@pytest.mark.parametrize("values", [3, [], {}, "pop", {"styles": {"pop": 0}}])
def test_a_vocabulary_that_is_none(conditioned: Path, values: Any) -> None:
    rewrite(conditioned, lambda config: config.update(conditions=values))
    with pytest.raises(ModelError, match=r"learned other conditions|conditions is") as caught:
        preview(REQUEST, load_model(conditioned).config)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
