"""The vocabulary of conditions: which row of its table of conditions a model learned to stand for what.

The rows are numbered by the order of names and kinds in this code (`rows`). A model's configuration says which order it
was trained with (`ModelConfig.conditions`), because weights alone would take any.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from khala.conditioning import rows
from khala.conditioning.rows import CONDITION_ROWS, FIRST_ROWS, VOICES
from khala.conditioning.singers import SINGER_NAMES
from khala.conditioning.styles import STYLE_NAMES
from khala.models.config import ModelConfig
from khala.music.errors import ModelError
from khala.music.headers import SECTION_TAGS
from khala.music.phones import LETTERS, PHONES


def vocabulary(size: int = CONDITION_ROWS) -> dict[str, Any]:
    """The vocabulary of this code, as JSON values: all rows, the first row of each kind, the names in their order, and
    the letters that stand for phones in prompts. With another `size`, one of `rows.ends`, that of a model which was
    trained before there were more kinds."""
    kinds = rows.ends()[size]
    names = {"singers": list(SINGER_NAMES)} if "singer" in kinds else {}
    return {
        "rows": size,
        "first_rows": {kind: FIRST_ROWS[kind] for kind in kinds},
        "sections": list(SECTION_TAGS),
        "styles": list(STYLE_NAMES),
        "voices": list(VOICES),
        **names,
        "phones": list(PHONES),
        "letters": LETTERS,
    }


def knows(config: ModelConfig, kind: str) -> bool:
    """Whether a model has learned a kind of condition: its table has rows for it."""
    return FIRST_ROWS[kind] < config.backbone.condition_rows


def require_vocabulary(config: ModelConfig) -> None:
    """Raise ModelError if a model was trained with another vocabulary than this code has."""
    if config.conditions is None:  # it has no conditions, or is a model of version 0.1.0
        return
    if others := differences(config.conditions):
        listed = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise ModelError(
            f"the model {config.name} learned other conditions than this version of Khala has: {listed}; "
            "use the version it was trained with, or train it again"
        )


def with_vocabulary(config: ModelConfig) -> ModelConfig:
    """The configuration with the vocabulary of this code, if one of its models takes conditions."""
    takes = config.backbone.condition_rows or config.superres.condition_rows
    return replace(config, conditions=vocabulary(takes)) if takes else config


def differences(saved: Any) -> list[str]:
    """What differs in a vocabulary that was saved as JSON values: for each value a phrase that names it. Kinds of
    conditions that came after it are none."""
    size = saved.get("rows") if isinstance(saved, dict) else None
    size = size if isinstance(size, int) and size in rows.ends() else CONDITION_ROWS
    theirs, ours = dict(_entries(saved)), dict(_entries(vocabulary(size)))
    said = [
        (place, *(repr(entries[place])[:40] if place in entries else "nothing" for entries in (theirs, ours)))
        for place in {**ours, **theirs}
    ]
    return [f"{place} is {there} (here {here})" for place, there, here in said if there != here]


def _entries(values: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value within objects and lists, by its place, such as "styles[3]"."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _entries(value, f"{place}.{key}" if place else key)
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from _entries(value, f"{place}[{number}]")
    else:
        yield place or "it", values
