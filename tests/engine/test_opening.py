"""Which engine computes a model, and where."""

from importlib.resources import files
from pathlib import Path

import pytest

from khala.engine import opening
from khala.engine.opening import choose_device, open_engine, settings_need_torch
from khala.models.lm.row_work import RowWork
from khala.music.errors import InvalidRequest

MINI = files("khala") / "data" / "mini"


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "torch_is_installed", lambda: False)


@pytest.mark.parametrize(
    ("settings", "engine"),
    [
        ({}, "onnx"),
        ({"device": "cpu", "dtype": "float32"}, "onnx"),
        ({"engine": "onnx", "dtype": "auto"}, "onnx"),
        ({"engine": "torch"}, "torch"),
        ({"engine": "torch-compiled"}, "torch-compiled"),
        ({"dtype": "bfloat16"}, "torch"),
        ({"device": "cpu", "dtype": "backbone=float32,superres=float32"}, "torch"),
    ],
)
def test_the_embedded_model(settings: dict[str, str], engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_gpu_is_likely", lambda: False)
    monkeypatch.setattr("khala.engine.pytorch.opening.compiled_row_work", lambda device: RowWork())
    assert open_engine("mini", **settings).name == engine


def test_a_model_without_graphs_is_computed_by_torch(singer: Path) -> None:
    assert open_engine(singer, "cpu").name == "torch"
    with pytest.raises(InvalidRequest, match=r"the model tiny, which has no graphs, needs the engine torch.* auto$"):
        open_engine(singer, "cpu", engine="onnx")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"engine": "tensorrt"}, "the engine 'tensorrt' is unknown; choose one of auto, onnx, torch"),
        ({"engine": "onnx", "dtype": "int8"}, "the number format int8 needs the engine torch"),
        ({"engine": "torch", "device": "cuda:77"}, "the device 'cuda:77' is not on this machine"),
    ],
)
def test_what_cannot_be(settings: dict[str, str], error: str) -> None:
    with pytest.raises(InvalidRequest, match=error):
        open_engine("mini", **settings)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"engine": "torch"}, "the engine torch"),
        ({"engine": "torch-compiled"}, "the engine torch-compiled"),
        ({"dtype": "bfloat16"}, "the number format bfloat16"),
        ({"device": "cuda"}, "the device cuda"),
    ],
)
@pytest.mark.usefixtures("no_torch")
def test_without_torch_it_is_said_what_needs_it(settings: dict[str, str], reason: str) -> None:
    assert open_engine("mini").name == "onnx"
    with pytest.raises(InvalidRequest) as raised:
        open_engine("mini", **settings)
    assert str(raised.value) == f"{reason} needs PyTorch: pip install 'khala-music[torch]'"


@pytest.mark.usefixtures("no_torch")
def test_without_torch_a_model_without_graphs_says_so(singer: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"the model tiny, which has no graphs, needs PyTorch"):
        open_engine(singer)


def test_a_gpu_is_where_a_model_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_gpu_is_likely", lambda: True)
    for found, device in (("cuda:0", "cuda:0"), ("mps", "mps"), ("cpu", "cpu")):
        monkeypatch.setattr("khala.engine.pytorch.device.choose_device", lambda name, found=found: found)
        assert choose_device("auto") == device
        assert choose_device("cpu") == choose_device("auto", "onnx") == "cpu"
        assert open_engine("mini", engine="onnx").name == "onnx"
        reason = settings_need_torch()
        assert reason == ("the device cuda:0" if device == "cuda:0" else None), "small models are slow on MPS"
    monkeypatch.setattr("khala.engine.pytorch.device.choose_device", lambda name: name)
    assert settings_need_torch("mps") == "the device mps", "asked for, it is used"
    with pytest.raises(InvalidRequest, match="the device cuda:1 needs the engine torch"):
        open_engine("mini", "cuda:1", engine="onnx")


@pytest.mark.usefixtures("no_torch")
def test_a_gpu_is_left_alone_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_gpu_is_likely", lambda: True)
    assert choose_device("auto") == "cpu" and settings_need_torch() is None
