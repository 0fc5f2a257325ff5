"""One part of a model at a time: the same samples, and what is not needed is gone."""

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from khala.engine.pytorch import opening as module
from khala.engine.pytorch.memory import need
from khala.engine.pytorch.opening import open_torch
from khala.engine.pytorch.staged import StagedModel
from khala.generation import plan
from khala.generation.pipeline import Pipeline, load
from khala.music.errors import InvalidRequest, ModelError
from khala.music.request import SongRequest
from khala.nn.precision import Formats
from khala.weights.loading import LoadedModel
from khala.weights.opening import open_model

CPU, FLOAT32 = torch.device("cpu"), Formats.uniform(torch.float32)
REQUEST = SongRequest(tags=("folk",), instrumental=True, duration=5, seed=3, takes=2)


def test_one_shot_makes_the_same_songs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MARGIN", 0.2)  # a second of song
    whole, staged = (load(folder, "cpu", "float32", mode) for mode in ("keep_loaded", "one_shot"))  # type: ignore[arg-type]
    assert (whole.mode, staged.mode) == ("keep_loaded", "one_shot")
    for one, other in zip(whole.generate(REQUEST), staged.generate(REQUEST), strict=True):
        assert np.array_equal(one.samples, other.samples)
        assert one.metadata | {"seconds": 0} == other.metadata | {"seconds": 0}


def test_one_part_at_a_time(folder: Path) -> None:
    model = StagedModel(open_model(folder), CPU, Formats(torch.float32, torch.bfloat16))
    assert model.backbone is model.backbone and model.backbone.dtype == torch.float32
    backbone = weakref.ref(model.backbone)
    assert model.superres.dtype == torch.bfloat16
    gc.collect()
    assert backbone() is None
    assert model.codec.codebooks.dtype == torch.float32


def test_auto_goes_by_free_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = need(open_model(folder).config, CPU, FLOAT32, 30)
    for room, mode in ((needed.keep_loaded, "keep_loaded"), (needed.one_shot, "one_shot")):
        monkeypatch.setattr(module, "free_memory", lambda device, room=room: room)
        assert load(folder, "cpu", "float32").mode == mode
    monkeypatch.setattr(module, "free_memory", lambda device: 1 << 20)
    with pytest.raises(InvalidRequest, match=r"and cpu has 0\.0 GB free"):
        load(folder, "cpu", "float32")


def test_batches_as_small_as_memory_demands_change_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MARGIN", 0.2)
    pipe = load(folder, "cpu", "float32", "keep_loaded")
    together = pipe.generate(REQUEST)
    told: list[float] = []
    monkeypatch.setattr(Pipeline, "takes_at_once", lambda self, seconds: 1)
    one_by_one = pipe.generate(
        REQUEST, progress=lambda stage, done, total: told.append(done / total) if stage == "backbone" else None
    )
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(together, one_by_one, strict=True))
    assert told == sorted(told) and told[-1] == 1


def test_a_part_that_breaks_later_says_so(folder: Path, tmp_path: Path) -> None:
    model = StagedModel(open_model(folder), CPU, FLOAT32)
    (copy := tmp_path / "model").mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    broken = StagedModel(open_model(copy), CPU, FLOAT32)
    (copy / "superres.safetensors").write_bytes(b"short")
    assert broken.backbone is not None and model.superres is not None
    with pytest.raises(ModelError, match=r"superres\.safetensors"):
        broken.superres  # noqa: B018


def test_each_part_is_read_once_for_all_takes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MARGIN", 0.2)
    pipe, read = load(folder, "cpu", "float32", "one_shot"), list[str]()
    only = StagedModel._only

    def noted(self: StagedModel, name: str, load: object) -> object:
        read.extend([name] if self._name != name else [])
        return only(self, name, load)  # type: ignore[arg-type]

    monkeypatch.setattr(StagedModel, "_only", noted)
    pipe.generate(REQUEST)
    assert read == ["backbone", "superres", "codec"]


def test_the_published_codec_is_as_narrow_as_asked_for(official: Callable[..., LoadedModel]) -> None:
    opened, name = open_model(official("a").folder), "backbone=float32,superres=float32,codec=float16"
    for mode in ("keep_loaded", "one_shot"):
        engine = open_torch(opened, "cpu", name, mode)  # type: ignore[arg-type]
        assert engine.dtype == name and engine.mode == mode
        assert engine.loaded.codec.decoder_dtype == torch.float16
        assert torch.equal(engine.loaded.codebooks, official("a").codebooks)
