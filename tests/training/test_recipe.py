"""Recipes: the shapes that they train, and values that are refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from khala.models.presets import mini
from khala.music.errors import InvalidRequest
from khala.training.recipe import Recipe, RecogniserRecipe, preset
from khala.training.recipe_file import load_recipe

MINI = Path(__file__).parents[2] / "recipes" / "mini" / "recipe.toml"


def test_the_mini_recipe_trains_the_mini_preset() -> None:
    assert preset(load_recipe(MINI)) == mini()


def test_an_unknown_preset() -> None:
    with pytest.raises(InvalidRequest, match="known are official, mini, tiny"):
        preset(Recipe(preset="huge"))


def test_a_run_without_a_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="budget"):
        RecogniserRecipe(minutes=0)


def test_recipes_need_no_trainer() -> None:
    code = "import sys, khala.training.recipe_file; print(*(name for name in sys.modules if 'khala.training' in name))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert sorted(found.split()) == ["khala.training", "khala.training.recipe", "khala.training.recipe_file"]
