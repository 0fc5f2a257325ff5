"""Read a recipe file: TOML, key names of earlier releases, overrides from the command line.

An unknown key is an error, so that a misspelt one is not silently a default.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from khala.music.errors import InvalidRequest
from khala.training.recipe import Recipe
from khala.weights.configs import from_json

ALIASES = {
    "backbone": {
        "blank": "prompt_dropout",
        "chords": "chord_loss_weight",
        "doublings": "excerpt_lengths",
        "excerpts": "excerpt_share",
        "noise": "code_corruption",
        "phones": "phone_loss_weight",
        "piece_tokens": "micro_batch_tokens",
        "untold": "style_key_dropout",
    },
    "superres": {
        "noise": "code_corruption",
        "piece_tokens": "micro_batch_tokens",
        "untold": "phone_dropout",
    },
}
"""Keys of 0.1, by table, that are still read, and what they are called now."""


def load_recipe(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe; `settings` are "table.key=value" overrides, the value in TOML (bare words are strings).

    Raises InvalidRequest for a file that cannot be read, an unknown key, a value of another type or out of range.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequest(f"cannot read the recipe {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the recipe {path} is not valid TOML: {error}") from error
    try:
        _rename_keys(tables)
        for setting in settings:
            _override(tables, setting)
        _name_family(tables)
        return from_json(Recipe, tables)
    except ValueError as error:
        raise InvalidRequest(f"the recipe {path}: {error}") from None


def _rename_keys(tables: dict[str, Any]) -> None:
    """Replace keys of earlier releases by those of today. Raises ValueError if a table has both."""
    for name, aliases in ALIASES.items():
        table = tables.get(name)
        if not isinstance(table, dict):  # the error is for `from_json` to name
            continue
        for old in aliases.keys() & table.keys():
            if aliases[old] in table:
                raise ValueError(f"{name}.{old} is the old name of {name}.{aliases[old]}; give one of them")
            new, value = _renamed(name, old, table.pop(old))
            table[new] = value


def _renamed(table: str, key: str, value: Any) -> tuple[str, Any]:
    """The name and value by which a key of `table` is known today."""
    new = ALIASES.get(table, {}).get(key, key)
    if new == "excerpt_lengths" and key == "doublings" and type(value) is int:
        value += 1  # no doubling is one length
    return new, value


def _name_family(tables: dict[str, Any]) -> None:
    """Say in [codec.model] of which family it is: that of [codec], or the spectral one."""
    codec = tables.get("codec")
    if isinstance(codec, dict) and isinstance(model := codec.get("model"), dict):
        model.setdefault("family", codec.get("family") or "spectral")


def _override(tables: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    *parents, key = path.strip().split(".")
    if not equals or not key:
        raise InvalidRequest(f"--set {setting}: write it as table.key=value, for instance backbone.minutes=60")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    table = tables
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise InvalidRequest(f"--set {setting}: '{parent}' is not a table")
    key, value = _renamed(".".join(parents), key, value)
    table[key] = value
