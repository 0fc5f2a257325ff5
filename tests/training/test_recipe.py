"""Recipes: the shapes that they train, and values that are refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from khala.models.codec.config import DacConfig, SpectralConfig
from khala.models.presets import mini, official, tiny
from khala.music.errors import InvalidRequest
from khala.training.codec_recipe import CodecRecipe
from khala.training.recipe import Recipe, RecogniserRecipe, codec_recipe, preset
from khala.training.recipe_file import load_recipe

MINI = Path(__file__).parents[2] / "recipes" / "mini" / "recipe.toml"


def test_the_mini_recipe_trains_the_mini_preset() -> None:
    assert preset(load_recipe(MINI)) == mini()


def test_an_unknown_preset() -> None:
    with pytest.raises(InvalidRequest, match="known are official, mini, tiny"):
        preset(Recipe(preset="huge"))


def test_a_preset_keeps_its_codec(tmp_path: Path) -> None:
    assert preset(Recipe(preset="official")) == official()
    assert codec_recipe(Recipe(preset="official")).model == official().codec
    assert codec_recipe(Recipe(preset="tiny")).model == tiny().codec


def test_a_recipe_may_choose_the_other_family(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('preset = "tiny"\n[codec.model]\ndim = 16\ncodebook = 16\nlevels = 8\n')
    chosen = load_recipe(path, ["codec.family=dac"])
    wanted = DacConfig(dim=16, codebook=16, levels=8)
    assert preset(chosen).codec == wanted == codec_recipe(chosen).model
    assert preset(load_recipe(path)).codec == SpectralConfig(dim=16, codebook=16, levels=8)
    with pytest.raises(InvalidRequest, match=r"family is dac and \[codec.model\] is of another"):
        preset(load_recipe(path, ["codec.family=dac", "codec.model.family=spectral"]))
    with pytest.raises(InvalidRequest, match="family is opus; it must be one of"):
        load_recipe(path, ["codec.family=opus"])


def test_a_codec_alone_has_no_preset() -> None:
    recipe = Recipe(preset="", codec=CodecRecipe(family="dac", model=DacConfig(levels=3)))
    assert codec_recipe(recipe).model == DacConfig(levels=3)
    assert codec_recipe(Recipe(preset="", codec=CodecRecipe(family="dac"))).model == DacConfig()
    with pytest.raises(InvalidRequest, match="trains a codec alone; choose a preset"):
        preset(recipe)


def test_the_soundtracks_recipe_is_one() -> None:
    recipe = codec_recipe(load_recipe(MINI.parents[1] / "soundtracks" / "recipe.toml"))
    assert isinstance(recipe.model, DacConfig) and recipe.model.hop == 1024


@pytest.mark.parametrize(
    ("name", "codec", "complaint"),
    [
        ("official", SpectralConfig(), "has a dac codec and .* is a spectral one"),
        ("mini", SpectralConfig(dim=80), "does not fit the preset 'mini'"),
        ("mini", SpectralConfig(codebook=512), "does not fit the preset 'mini'"),
    ],
)
def test_a_codec_that_is_not_the_presets_is_refused(name: str, codec: SpectralConfig, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        preset(Recipe(preset=name, codec=CodecRecipe(model=codec)))


def test_a_run_without_a_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="budget"):
        RecogniserRecipe(minutes=0)


def test_recipes_need_no_trainer() -> None:
    code = "import sys, khala.training.recipe_file; print(*(name for name in sys.modules if 'khala.training' in name))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    modules = ("codec_recipe", "loop_recipe", "recipe", "recipe_file")
    assert sorted(found.split()) == ["khala.training", *(f"khala.training.{name}" for name in modules)]
