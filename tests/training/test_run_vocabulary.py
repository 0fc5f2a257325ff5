"""A run keeps the vocabulary of conditions that it learns, and goes on with no other."""

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from khala.conditioning.rows import CONDITION_ROWS
from khala.conditioning.vocabulary import vocabulary
from khala.models.config import ModelConfig
from khala.models.presets import PRESETS, tiny
from khala.music.errors import ModelError
from khala.training import start
from khala.training.assemble import assemble
from khala.training.codec_recipe import CodecRecipe
from khala.training.objectives import backbone, superres
from khala.training.recipe import BackboneRecipe, Recipe, SuperresRecipe
from khala.training.run_vocabulary import FILE, keep_vocabulary, require_same

RECIPE = Recipe(
    preset="tiny",
    codec=CodecRecipe(model=tiny().codec),
    backbone=BackboneRecipe(steps=1, batch_tokens=1, max_frames=8, eval_songs=1),
    superres=SuperresRecipe(steps=1, batch_tokens=1, max_frames=8, eval_songs=1),
)


@pytest.fixture(autouse=True)
def with_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    def conditioned() -> ModelConfig:
        config = tiny()
        models = {
            name: replace(getattr(config, name), condition_rows=CONDITION_ROWS) for name in ("backbone", "superres")
        }
        return replace(config, **models)

    monkeypatch.setitem(PRESETS, "tiny", conditioned)


def swap_styles(path: Path) -> None:
    kept = json.loads(path.read_text())
    kept["styles"][:2] = kept["styles"][1::-1]
    path.write_text(json.dumps(kept))


def test_a_run_keeps_its_vocabulary_and_requires_it_from_then_on(tokens: Path, tmp_path: Path) -> None:
    backbone.train_backbone(RECIPE, tokens, tmp_path / "backbone")
    superres.train_superres(RECIPE, tokens, tmp_path / "backbone", tmp_path / "superres")
    for stage in ("backbone", "superres"):
        assert json.loads((tmp_path / stage / FILE).read_text()) == vocabulary()
    swap_styles(tmp_path / "superres" / FILE)
    with pytest.raises(ModelError, match=r"superres learned other conditions.*styles\[0\]"):
        superres.train_superres(RECIPE, tokens, tmp_path / "backbone", tmp_path / "superres")
    swap_styles(tmp_path / "backbone" / FILE)
    with pytest.raises(ModelError, match="backbone learned other conditions"):
        backbone.train_backbone(RECIPE, tokens, tmp_path / "backbone")
    with pytest.raises(ModelError, match="backbone learned other conditions"):
        superres.train_superres(RECIPE, tokens, tmp_path / "backbone", tmp_path / "another")


def test_parts_with_another_vocabulary_are_not_assembled(tmp_path: Path) -> None:
    keep_vocabulary(tmp_path / "superres", tiny())
    swap_styles(tmp_path / "superres" / FILE)
    with pytest.raises(ModelError, match="superres learned other conditions"):
        assemble(RECIPE, tmp_path, tmp_path / "model")


@pytest.mark.parametrize("objective", [backbone, superres])
def test_a_model_to_start_from_has_the_same_vocabulary(
    objective: ModuleType, tokens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SimpleNamespace(config=replace(tiny(), conditions={**vocabulary(), "rows": 1}))
    monkeypatch.setattr(start, "load_model", lambda name: known)
    with pytest.raises(ModelError, match="tiny learned other conditions"):
        objective.prepare(RECIPE, tokens, **({"backbone": None} if objective is superres else {}), start="tiny")


def test_a_vocabulary_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(ModelError, match=FILE) as error:
        require_same(tmp_path, tiny())
    assert "\n" not in str(error.value)
