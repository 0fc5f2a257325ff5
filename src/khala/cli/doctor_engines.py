"""What `khala doctor` reports about engines: their libraries, which one computes each model, memory, number formats."""

import time
from collections.abc import Iterator, Mapping, Set
from importlib import import_module
from typing import Any

from khala import weights
from khala.cli.finding import Finding
from khala.engine.main_memory import gigabytes, main_memory
from khala.engine.onnx.memory import MOST_TAKES, need
from khala.engine.onnx.threads import cpu_threads
from khala.engine.opening import INSTALL_TORCH, choose_device, needs_torch, torch_is_installed
from khala.models.config import ModelConfig
from khala.models.presets import official
from khala.music.errors import KhalaError
from khala.weights.names import ModelInfo


def library_findings() -> Iterator[Finding]:
    """Yield the versions of the libraries that compute, their threads, devices, and speed by number format."""
    try:
        onnxruntime: Any = import_module("onnxruntime")
        yield Finding("onnxruntime", f"{onnxruntime.__version__}, {_threads(cpu_threads())}")
    except ImportError as error:
        cure = "fix it: pip install --force-reinstall onnxruntime"
        yield Finding("onnxruntime", f"cannot be imported ({error}); {cure}", "broken")
    if not torch_is_installed():
        purposes = "not installed; needed only for published weights, GPUs and training"
        yield Finding("torch", f"{purposes}: {INSTALL_TORCH}", "lacking")
        return
    try:
        torch: Any = import_module("torch")
    except (ImportError, OSError) as error:
        yield Finding("torch", f"cannot be imported ({error}); fix it: {INSTALL_TORCH}", "broken")
        return
    many = f"{_threads(torch.get_num_threads())} for super-resolution and the published codec, 1 for everything else"
    yield Finding("torch", f"{torch.__version__}, {many}")
    devices = ["cpu"]
    devices += [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    yield Finding("devices", ", ".join(devices))
    rates = {name: matmul_rate(torch, getattr(torch, name)) for name in ("float32", "bfloat16")}
    yield Finding("matrix product", ", ".join(f"{name} {rate:.1f} GFLOP/s" for name, rate in rates.items()))


def matmul_rate(torch: Any, dtype: Any, size: int = 384) -> float:
    """Return the speed of a square matrix product on the CPU, in 10^9 floating-point operations per second."""
    a = torch.ones(size, size, dtype=dtype)
    a @ a
    start = time.perf_counter()
    a @ a
    return float(2 * size**3 / (time.perf_counter() - start) / 1e9)


def model_findings(dtype: str) -> Iterator[Finding]:
    """Yield the installed models, the embedded one verified, and which engine computes each of them and why."""
    models = [info for info in weights.list_models() if info.name != "mini"]
    try:
        models.insert(0, weights.describe("mini"))
    except KhalaError as error:
        yield Finding("model mini", str(error), "broken")
    for info in models:
        reason = needs_torch(info.folder, info.config, _device(), dtype)
        if reason is None:
            yield Finding("model", f"{info}; engine onnx")
        elif torch_is_installed():
            yield Finding("model", f"{info}; engine torch ({reason} needs it)")
        else:
            yield Finding("model", f"{info}; no engine: {reason} needs PyTorch: {INSTALL_TORCH}", "lacking")


def memory_findings(duration: float, takes: int, dtype: str) -> Iterator[Finding]:
    """Yield what a song needs on each device, for the installed models and the published one, and how it would run
    there: by the engine without torch, and by torch if it is installed."""
    known = {info.config.name: info for info in weights.list_models()}
    room = main_memory()
    yield Finding("memory cpu", f"{gigabytes(room)} free")
    by_onnx = {name for name, info in known.items() if not needs_torch(info.folder, info.config, "cpu", dtype)}
    for name in sorted(by_onnx):
        yield onnx_memory(known[name], min(duration, known[name].config.max_seconds), takes, room)
    if torch_is_installed():
        configs = {"official": official()} | {name: info.config for name, info in known.items()}
        yield from torch_memory(configs, by_onnx, duration, takes, dtype)


def onnx_memory(info: ModelInfo, seconds: float, takes: int, room: int) -> Finding:
    """Return what takes need that onnxruntime decodes together, with `room` bytes free."""
    config = info.config

    def needed(takes: int) -> int:
        return need(info.folder, config, seconds, takes, cpu_threads())

    together = next((n for n in range(MOST_TAKES, 0, -1) if needed(n) <= room), 0)
    verdict = f"runs, up to {together} takes together" if together else "does not fit; choose a shorter song"
    found = f"{_asked(seconds, takes)} by onnx in float32: {gigabytes(needed(takes))}; {verdict}"
    return Finding(f"  {config.name}", found, "ok" if together else "lacking")


def torch_memory(
    configs: Mapping[str, ModelConfig], by_onnx: Set[str], duration: float, takes: int, dtype: str
) -> Iterator[Finding]:
    """Yield what torch needs on each device, on a CPU for models that are not `by_onnx`, and there with "auto" also the
    time per step of each part in each number format."""
    try:
        torch: Any = import_module("torch")
        memory: Any = import_module("khala.engine.pytorch.memory")
        formats: Any = import_module("khala.engine.pytorch.formats")
    except (ImportError, OSError):  # reported by library_findings
        return
    for device in [torch.device("cpu"), *(torch.device("cuda", i) for i in range(torch.cuda.device_count()))]:
        room = memory.free_memory(device)
        if device.type != "cpu":
            yield Finding(f"memory {device}", f"{gigabytes(room)} free")
        for name, config in configs.items():
            if device.type == "cpu" and name in by_onnx:
                continue
            seconds = min(duration, config.max_seconds)
            try:
                chosen = formats.choose_formats(dtype, config, device)
            except KhalaError as error:
                yield Finding(f"  {config.name}", str(error), "lacking")
                continue
            try:
                chosen, mode = formats.settle(dtype, config, device, seconds, room)
                together = memory.takes_at_once(config, device, chosen, seconds, room, mode)
                verdict, state = f"runs {mode}, up to {together} takes together", "ok"
            except KhalaError as error:
                verdict, state = str(error).rpartition("; ")[2], "lacking"
            needed = memory.need(config, device, chosen, seconds, takes)
            sizes = f"{gigabytes(needed.keep_loaded)} kept loaded, {gigabytes(needed.one_shot)} one_shot"
            found = f"{_asked(seconds, takes)} by torch in {chosen}: {sizes}; {verdict}"
            yield Finding(f"  {config.name}", found, state)
            if dtype == "auto" and device.type == "cpu":
                yield Finding("", "; ".join(_times(part, formats.format_times(part, config)) for part in formats.PARTS))


def _device() -> str:
    """Return "auto", or "cpu" where torch cannot be imported, which `library_findings` reports."""
    try:
        choose_device("auto")
    except (ImportError, OSError):
        return "cpu"
    return "auto"


def _asked(seconds: float, takes: int) -> str:
    return f"{seconds:g} s" if takes == 1 else f"{takes} takes of {seconds:g} s"


def _threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"


def _times(part: str, times: Mapping[str, float]) -> str:
    """ "backbone float32 7.2 ms, bfloat16 10.4 ms" """
    return f"{part} " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in times.items())
