"""Recipes: what is written is what is used, and what is misspelt is refused."""

from pathlib import Path

import pytest

from khala.models.presets import mini
from khala.music.errors import InvalidRequest
from khala.training.recipe import Recipe, load, preset

MINI = Path(__file__).parents[2] / "recipes" / "mini" / "recipe.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_the_mini_recipe_loads_and_trains_the_mini_preset() -> None:
    recipe = load(MINI)
    assert preset(recipe) == mini()
    assert recipe.backbone.minutes > 0 and recipe.superres.minutes > 0 and recipe.corpus.hours > 0


def test_absent_tables_take_defaults_and_settings_override(tmp_path: Path) -> None:
    path = write(tmp_path, "[backbone]\nminutes = 3\n")
    assert load(path).superres == Recipe().superres
    recipe = load(path, ["backbone.minutes=60", "superres.causal=0.5", "preset=tiny", "backbone.precision=float32"])
    assert recipe.backbone.minutes == 60.0 and recipe.superres.causal == 0.5
    assert recipe.preset == "tiny" and recipe.backbone.precision == "float32"


@pytest.mark.parametrize(
    ("text", "settings", "complaint"),
    [
        ("[backbone]\nminuets = 3\n", [], "backbone.minuets is unknown"),
        ("[bakbone]\nminutes = 3\n", [], "bakbone is unknown"),
        ("[backbone]\nminutes = 'long'\n", [], "backbone.minutes is 'long'"),
        ("[backbone]\nbatch_tokens = 0\n", [], "batch_tokens"),
        ("[backbone]\nminutes = 0\n", [], "budget"),
        ("[backbone\n", [], "not valid TOML"),
        ("", ["backbone.minutes"], "table.key=value"),
        ("", ["preset.minutes=3"], "preset"),
        ("", ["backbone.minutes=nan"], "backbone.minutes"),
    ],
)
def test_bad_recipes_are_refused_in_one_line(tmp_path: Path, text: str, settings: list[str], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint) as error:
        load(write(tmp_path, text), settings)
    assert "\n" not in str(error.value)


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot read the recipe"):
        load(tmp_path / "none.toml")


def test_an_unknown_preset(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="known are official, mini, tiny"):
        preset(load(write(tmp_path, "preset = 'huge'\n")))
