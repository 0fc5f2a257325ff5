"""Where takes go: decided, and tried, before any work is done."""

import shutil
import tempfile
from pathlib import Path

from khala.music.errors import InvalidRequest, OutputError
from khala.music.request import SongRequest

BYTES_PER_SECOND = {"wav": 264_600, "flac": 264_600, "mp3": 40_000, "opus": 40_000}
"""Upper bounds: 24-bit stereo at 44.1 kHz, and the bit rates that files are encoded with."""

OVERTIME = 1.25
"""A song may become this many times longer than asked before it is cut."""


def destinations(request: SongRequest, output: Path | None, format: str | None) -> list[Path]:
    """One path per take of a request that has its seed.

    `output` with an audio extension is a file, numbered (`name-1`, `name-2`) where there are several takes; everything
    else is a folder, in which takes are called `<slug>-<seed>-<take>.<format>`. Raises InvalidRequest, OutputError.
    """
    if format is not None and format not in BYTES_PER_SECOND:
        raise InvalidRequest(f"--format {format!r} is unknown; choose {_formats()}")
    place = output if output is not None else Path()
    try:
        paths = _paths(request, place, format)
        _require_room(paths, request)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"cannot write to {place}: {reason}; choose another --output") from error
    return paths


def _paths(request: SongRequest, place: Path, format: str | None) -> list[Path]:
    extension = place.suffix.lower().removeprefix(".")
    if place.is_dir() or not extension:
        stem, suffix = f"{request.slug()}-{request.seed}-", f".{format or 'wav'}"
        return [place / f"{stem}{take}{suffix}" for take in range(1, request.takes + 1)]
    if extension not in BYTES_PER_SECOND:
        raise InvalidRequest(f"--output {str(place)!r} has no extension that can be written; choose {_formats()}")
    if format not in (None, extension):
        raise InvalidRequest(f"--output {str(place)!r} and --format {format} disagree; leave one of them out")
    if request.takes == 1:
        return [place]
    return [place.with_stem(f"{place.stem}-{take}") for take in range(1, request.takes + 1)]


def _require_room(paths: list[Path], request: SongRequest) -> None:
    """Raise OutputError or OSError unless files can be created where `paths` lie and the disk holds all of them."""
    folder = paths[0].parent
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    for path in paths:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; choose another --output")
    with tempfile.TemporaryFile(dir=existing):
        pass
    free = shutil.disk_usage(existing).free
    seconds = request.takes * request.duration * OVERTIME
    needed = seconds * BYTES_PER_SECOND[paths[0].suffix.lower()[1:]] + request.takes * 20_000
    if free < needed:
        raise OutputError(
            f"cannot write to {folder}: up to {needed / 1e6:.1f} MB are needed and {free / 1e6:.1f} MB are free; "
            "make room or choose another --output"
        )


def _formats() -> str:
    return ", ".join(BYTES_PER_SECOND)
