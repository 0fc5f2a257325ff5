"""Recipes: what is written is what is used, and what is misspelt is refused."""

from pathlib import Path

import pytest

from khala.music.errors import InvalidRequest
from khala.training.recipe import Recipe
from khala.training.recipe_file import ALIASES, load_recipe

MINI = Path(__file__).parents[2] / "recipes" / "mini" / "recipe.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_the_mini_recipe_loads() -> None:
    recipe = load_recipe(MINI)
    assert recipe.backbone.minutes > 0 and recipe.superres.minutes > 0 and recipe.corpus.hours > 0


def test_absent_tables_take_defaults_and_settings_override(tmp_path: Path) -> None:
    path = write(tmp_path, "[backbone]\nminutes = 3\n")
    assert load_recipe(path).superres == Recipe().superres
    recipe = load_recipe(
        path, ["backbone.minutes=60", "superres.causal=0.5", "preset=tiny", "backbone.precision=float32"]
    )
    assert recipe.backbone.minutes == 60.0 and recipe.superres.causal == 0.5
    assert recipe.preset == "tiny" and recipe.backbone.precision == "float32"


OLD_VALUES = {
    "backbone": {
        "blank": 0.3,
        "chords": 0.4,
        "doublings": 2,
        "excerpts": 0.7,
        "noise": 0.08,
        "phones": 0.6,
        "piece_tokens": 100,
        "untold": 0.2,
    },
    "superres": {"noise": 0.1, "piece_tokens": 200, "untold": 0.05},
}


@pytest.mark.parametrize(("table", "old"), [(table, old) for table in ALIASES for old in ALIASES[table]])
def test_old_names_of_keys_are_read_but_not_beside_the_new(tmp_path: Path, table: str, old: str) -> None:
    value, new = OLD_VALUES[table][old], ALIASES[table][old]
    path = write(tmp_path, f"[{table}]\n{old} = {value}\n")
    expected = value + 1 if old == "doublings" else value
    assert getattr(getattr(load_recipe(path), table), new) == expected != getattr(getattr(Recipe(), table), new)
    assert load_recipe(path) == load_recipe(write(tmp_path, f"[{table}]\n{new} = {expected}\n"))
    assert load_recipe(path, [f"{table}.{old}={value}"]) == load_recipe(path), "a setting takes the place of either"
    with pytest.raises(InvalidRequest, match=rf"{table}\.{old} is the old name of {table}\.{new}"):
        load_recipe(write(tmp_path, f"[{table}]\n{old} = {value}\n{new} = {expected}\n"))


def test_a_value_under_an_old_name_is_judged_under_the_new(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"backbone\.excerpt_lengths is 'two'"):
        load_recipe(write(tmp_path, "[backbone]\ndoublings = 'two'\n"))


@pytest.mark.parametrize(
    ("text", "settings", "complaint"),
    [
        ("[backbone]\nminuets = 3\n", [], "backbone.minuets is unknown"),
        ("[superres]\nblank = 0.1\n", [], "superres.blank is unknown"),
        ("[backbone]\nmicro_batch_tokens = 0\n", [], "micro_batch_tokens"),
        ("[codec.vocoder]\nlog_steps = 0\n", [], "log_steps"),
        ("backbone = 3\n", [], "backbone is not"),
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
        load_recipe(write(tmp_path, text), settings)
    assert "\n" not in str(error.value)


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot read the recipe"):
        load_recipe(tmp_path / "none.toml")
