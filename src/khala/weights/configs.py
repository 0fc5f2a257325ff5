"""Frozen configurations <-> JSON, by their type hints.

Strict both ways: an unknown key, a missing key without a default, or a value of another type is a ValueError that names
it. A field that may hold one of several dataclasses is written with its `family`: the class name without "Config".
"""

import math
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(config: Any) -> dict[str, Any]:
    """Convert a dataclass to JSON values."""
    hints = get_type_hints(type(config))
    return {field.name: _plain(getattr(config, field.name), hints[field.name]) for field in fields(config)}


def from_json(kind: type[T], values: Any, where: str = "") -> T:
    """Build a `kind` from JSON values; `where` is the prefix of names in error messages. Raises ValueError."""
    if not isinstance(values, dict):
        raise ValueError(f"{where or 'the configuration'} is not an object")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ValueError(f"{_join(where, key)} is unknown; known are {', '.join(known)}")
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{_join(where, name)} is missing")
    return kind(**{key: _typed(hints[key], value, _join(where, key)) for key, value in values.items()})


def family(kind: type) -> str:
    """Return the name of a member of a union in JSON: `SpectralConfig` -> "spectral"."""
    return kind.__name__.removesuffix("Config").lower()


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _plain(value: Any, hint: Any) -> Any:
    if is_dataclass(value):
        tag = {"family": family(type(value))} if len(_classes(hint)) > 1 else {}
        return {**tag, **to_json(value)}
    return list(value) if isinstance(value, tuple) else value


def _classes(hint: Any) -> dict[str, type]:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return {family(member): member for member in members if is_dataclass(member) and isinstance(member, type)}


def _typed(hint: Any, value: Any, where: str) -> Any:
    classes = _classes(hint)
    if value is None and NoneType in get_args(hint):
        return None
    if classes:
        name = next(iter(classes))
        if len(classes) > 1 and isinstance(value, dict):
            name, value = str(value.get("family")), {key: value[key] for key in value if key != "family"}
            if name not in classes:
                raise ValueError(f"{where}.family is {name}; it must be one of {', '.join(classes)}")
        return from_json(classes[name], value, where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} is {value!r}; it must be a list")
        return tuple(_typed(get_args(hint)[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{where} is {value!r}; it must be one of {', '.join(map(str, get_args(hint)))}")
        return value
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    kinds = tuple(get_origin(kind) or kind for kind in kinds)
    if type(value) not in kinds or (isinstance(value, float) and not math.isfinite(value)):
        names = " or ".join("null" if kind is NoneType else kind.__name__ for kind in kinds)
        raise ValueError(f"{where} is {value!r}; it must be {names}")
    return value
