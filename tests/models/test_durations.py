"""The duration model as it is kept and computed without torch."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from khala.models.durations import CLASSES, HIDDEN, DurationModel, load_durations

SHAPES = {"rows": (50, HIDDEN), "hidden": (HIDDEN, HIDDEN), "head": (CLASSES, HIDDEN)}
SHAPES |= {"first_bias": (HIDDEN,), "hidden_bias": (HIDDEN,), "head_bias": (CLASSES,)}


def test_it_is_saved_and_loaded_in_half_precision(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    model = DurationModel(**{name: random.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()})
    model.save(tmp_path / "durations.safetensors")
    again = load_durations(tmp_path / "durations.safetensors")
    for field in fields(model):
        one, other = getattr(model, field.name), getattr(again, field.name)
        assert other.dtype == np.float32 and np.array_equal(one.astype(np.float16), other)
    assert (tmp_path / "durations.safetensors").stat().st_size < 120_000


def test_what_is_no_duration_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        load_durations(tmp_path / "missing")
    save_file({"rows": np.zeros((3, 3), np.float32)}, tmp_path / "other")
    (tmp_path / "noise").write_bytes(b"noise")
    for name in ("other", "noise"):
        with pytest.raises(ValueError, match="it holds no duration model"):
            load_durations(tmp_path / name)
