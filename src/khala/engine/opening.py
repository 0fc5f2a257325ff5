"""Which engine computes a model, and where."""

import platform
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from khala.engine.base import Engine, Mode
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.loras import Lora
from khala.weights.names import GRAPHS
from khala.weights.opening import open_model

ENGINES = ("auto", "onnx", "torch", "torch-compiled")

INSTALL_TORCH = "pip install 'khala-music[torch]'"
"""The package itself comes without PyTorch."""


def open_engine(
    name: str | Path = "mini",
    device: str = "auto",
    dtype: str = "auto",
    mode: Literal["auto"] | Mode = "auto",
    seconds: float = 60.0,
    engine: str = "auto",
    loras: Sequence[Lora] = (),
) -> Engine:
    """Open a model by name, folder or hub id (`weights.resolve`), with adapters, in an engine.

    "auto" is `torch` if there is a CUDA GPU, and on a CPU `onnx` for models with graphs in float32. "torch-compiled" is
    `torch` with compiled passes of super-resolution, for GPUs. `dtype` and `mode` as in `generation.pipeline.load`.
    Raises ModelError, and InvalidRequest for what cannot be, or needs torch where there is none.
    """
    opened = open_model(name, loras=loras)
    seconds = min(seconds, opened.config.max_seconds)
    reason = needs_torch(opened.folder, opened.config, device, dtype, engine)
    require_possible(reason, engine)
    if reason is None:
        from khala.engine.onnx.engine import OnnxEngine

        return OnnxEngine(opened, seconds)
    from khala.engine.pytorch.opening import open_torch

    return open_torch(opened, device, dtype, mode, seconds, compiled=engine == "torch-compiled")


def torch_is_installed() -> bool:
    """Return whether PyTorch is there, without importing it."""
    return find_spec("torch") is not None


def require_torch(what: str) -> None:
    """Raise InvalidRequest, which says that `what` needs PyTorch and how to install it, unless it is there."""
    if not torch_is_installed():
        raise InvalidRequest(f"{what} needs PyTorch: {INSTALL_TORCH}")


def choose_device(name: str, engine: str = "auto") -> str:
    """Return a device by name, such as "cuda:1", or with "auto" the first of CUDA, MPS and CPU that is there and that
    the engine can use.

    PyTorch is imported for a GPU alone: that takes a second. Raises InvalidRequest for a device that is not there.
    """
    if name == "auto" and (engine == "onnx" or not (torch_is_installed() and _gpu_is_likely())):
        name = "cpu"
    if name == "cpu":
        return name
    require_torch(f"the device {name}")
    from khala.engine.pytorch.device import choose_device

    return str(choose_device(name))


def _gpu_is_likely() -> bool:
    """Look for the drivers of GPUs that PyTorch can use."""
    drivers = "/dev/nvidiactl", "/dev/dxg", "/dev/kfd", "C:/Windows/System32/nvcuda.dll"
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return apple or any(Path(driver).exists() for driver in drivers)


def needs_torch(
    folder: Path, config: ModelConfig, device: str = "auto", dtype: str = "auto", engine: str = "auto"
) -> str | None:
    """Return what about a model and its settings only PyTorch can do, such as "the device cuda:0"; None if nothing.

    Raises InvalidRequest for a device that is not there.
    """
    if not all((folder / name).is_file() for name in GRAPHS):
        return f"the model {config.name}, which has no graphs,"
    return settings_need_torch(device, dtype, engine)


def settings_need_torch(device: str = "auto", dtype: str = "auto", engine: str = "auto") -> str | None:
    """Return the same of the settings alone, for any model."""
    if engine in ("torch", "torch-compiled"):
        return f"the engine {engine}"
    place = choose_device(device, engine)
    if place != "cpu" and (device, place) != ("auto", "mps"):  # small models are slow there
        return f"the device {place}"
    if dtype not in ("auto", "float32"):
        return f"the number format {dtype}"
    return None


def require_possible(reason: str | None, engine: str) -> None:
    """Raise InvalidRequest if the engine is unknown, or cannot do what only PyTorch can (`needs_torch`), or if PyTorch
    is needed and missing."""
    if engine not in ENGINES:
        raise InvalidRequest(f"the engine {engine!r} is unknown; choose one of {', '.join(ENGINES)}")
    if reason and engine == "onnx":
        raise InvalidRequest(f"{reason} needs the engine torch, and onnx was asked for; choose --engine auto")
    if reason:
        require_torch(reason)
