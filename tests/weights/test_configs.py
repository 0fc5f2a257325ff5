"""Configurations survive JSON, and nothing but a whole configuration comes back from it."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from khala.models.codec.config import DacConfig
from khala.models.config import ModelConfig
from khala.models.presets import PRESETS, tiny
from khala.weights.configs import from_json, to_json


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives(name: str) -> None:
    config = PRESETS[name]()
    values = json.loads(json.dumps(to_json(config)))
    assert from_json(ModelConfig, values) == config
    assert values["codec"]["family"] == ("dac" if isinstance(config.codec, DacConfig) else "spectral")


def test_what_has_a_default_may_be_absent() -> None:
    values = to_json(tiny())
    del values["sampling"], values["codec"]["width"]
    config = from_json(ModelConfig, values)
    assert config == replace(tiny(), codec=replace(tiny().codec, width=config.codec.width))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("colour", "blue", "colour is unknown; known are name, backbone"),
        ("backbone.experts", 8, "backbone.experts is unknown"),
        ("backbone.dim", "32", "backbone.dim is '32'; it must be int"),
        ("backbone.dim", True, "backbone.dim is True; it must be int"),
        ("backbone.dim", 32.0, "backbone.dim is 32.0; it must be int"),
        ("backbone.norm_eps", float("nan"), "backbone.norm_eps is nan; it must be float"),
        ("backbone.codebook_dim", "no", "backbone.codebook_dim is 'no'; it must be int or null"),
        ("backbone.bias", 1, "backbone.bias is 1; it must be bool"),
        ("backbone", [], "backbone is not an object"),
        ("codec.family", "wavelet", "codec.family is wavelet; it must be one of dac, spectral"),
        ("codec", 3, "codec is not an object"),
        ("prompt.superres_text", "all", "prompt.superres_text is 'all'; it must be one of same_as_backbone"),
        ("name", None, "name is None; it must be str"),
    ],
)
def test_refusals_name_the_field(path: str, value: Any, message: str) -> None:
    values = json.loads(json.dumps(to_json(tiny())))
    *parents, last = path.split(".")
    inner = values
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    with pytest.raises(ValueError, match="^" + message):
        from_json(ModelConfig, values)


def test_a_missing_field_is_named() -> None:
    values = to_json(tiny())
    del values["superres"]["layers"]
    with pytest.raises(ValueError, match=r"superres\.layers is missing"):
        from_json(ModelConfig, values)
    with pytest.raises(ValueError, match="not an object"):
        from_json(ModelConfig, [])


@dataclass(frozen=True)
class Ladder:
    rungs: tuple[int, ...] = (1, 2)
    length: float = 1.0


def test_tuples_and_whole_numbers_for_floats() -> None:
    assert from_json(Ladder, {"rungs": [3, 4, 5], "length": 2}) == Ladder((3, 4, 5), 2.0)
    with pytest.raises(ValueError, match=r"rungs\[1\] is '4'; it must be int"):
        from_json(Ladder, {"rungs": [3, "4"]})
    with pytest.raises(ValueError, match="rungs is 3; it must be a list"):
        from_json(Ladder, {"rungs": 3})
