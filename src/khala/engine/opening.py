"""Which engine computes a model, and where."""

import platform
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from khala.engine.base import Engine, Mode
from khala.music.errors import InvalidRequest
from khala.weights.names import GRAPHS
from khala.weights.opening import OpenModel, open_model

ENGINES = ("auto", "onnx", "torch")

INSTALL_TORCH = "pip install 'khala-music[torch]'"


def open_engine(
    name: str | Path = "mini",
    device: str = "auto",
    dtype: str = "auto",
    mode: Literal["auto"] | Mode = "auto",
    seconds: float = 60.0,
    engine: str = "auto",
) -> Engine:
    """Open a model by name, folder or hub id (`weights.resolve`) in an engine.

    "auto" is `torch` if there is a CUDA GPU, and on a CPU `onnx` for models with graphs in float32. `dtype` and `mode`
    as in `generation.pipeline.load`. Raises ModelError, and InvalidRequest for what cannot be, or needs torch where
    there is none.
    """
    if engine not in ENGINES:
        raise InvalidRequest(f"the engine {engine!r} is unknown; choose one of {', '.join(ENGINES)}")
    opened = open_model(name)
    seconds = min(seconds, opened.config.max_seconds)
    obstacle = _obstacle(opened, device, dtype)
    if engine == "onnx" and obstacle:
        raise InvalidRequest(f"the engine onnx cannot be used: {obstacle}")
    if engine == "onnx" or (engine == "auto" and not obstacle):
        from khala.engine.onnx.engine import OnnxEngine

        return OnnxEngine(opened, seconds)
    if not torch_is_installed():
        raise InvalidRequest(f"{obstacle or 'the engine torch was chosen'}; this needs PyTorch: {INSTALL_TORCH}")
    from khala.engine.pytorch.opening import open_torch

    return open_torch(opened, device, dtype, mode, seconds)


def torch_is_installed() -> bool:
    """Return whether PyTorch is there, without importing it."""
    return find_spec("torch") is not None


def choose_device(name: str) -> str:
    """Return a device by name, such as "cuda:1", or with "auto" the first of CUDA, MPS and CPU that is there.

    PyTorch is imported for a GPU alone: that takes a second. Raises InvalidRequest for a device that is not there.
    """
    if name == "cpu" or (name == "auto" and not (torch_is_installed() and _gpu_is_likely())):
        return "cpu"
    if not torch_is_installed():
        raise InvalidRequest(f"the device {name} needs PyTorch: {INSTALL_TORCH}")
    from khala.engine.pytorch.device import choose_device

    return str(choose_device(name))


def _gpu_is_likely() -> bool:
    """Look for the drivers of GPUs that PyTorch can use."""
    drivers = "/dev/nvidiactl", "/dev/dxg", "/dev/kfd", "C:/Windows/System32/nvcuda.dll"
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return apple or any(Path(driver).exists() for driver in drivers)


def _obstacle(opened: OpenModel, device: str, dtype: str) -> str | None:
    """Say why onnxruntime cannot compute this, or return None."""
    if not all((opened.folder / name).is_file() for name in GRAPHS):
        return f"the model {opened.config.name} has no graphs"
    place = choose_device(device)
    if place != "cpu" and (device, place) != ("auto", "mps"):  # small models are slow there
        return f"it computes on the CPU alone, and the device is {place}"
    if dtype not in ("auto", "float32"):
        return f"it computes in float32 alone, and the dtype is {dtype}"
    return None
