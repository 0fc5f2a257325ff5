"""Where takes go: decided, and tried, before any work is done."""

import shutil
import tempfile
from pathlib import Path

from khala.music.errors import InvalidRequest, OutputError
from khala.music.request import SongRequest

BYTES_PER_SECOND = {"wav": 264_600, "flac": 264_600, "mp3": 40_000, "opus": 40_000}
"""Upper bounds: 24-bit stereo at 44.1 kHz, and the bit rates that files are encoded with."""


def destinations(request: SongRequest, output: Path | None, format: str | None) -> list[Path]:
    """One path per take of a request that has its seed.

    `output` with an audio extension is a file, numbered (`name-1`, `name-2`) where there are several takes; everything
    else is a folder, in which takes are called `<slug>-<seed>-<take>.<format>`. Raises InvalidRequest, OutputError.
    """
    if format is not None and format not in BYTES_PER_SECOND:
        raise InvalidRequest(f"--format {format!r} is unknown; choose {_formats()}")
    folder = output if output is not None else Path()
    extension = folder.suffix.lower().removeprefix(".")
    if folder.is_dir() or not extension:
        stem, suffix = f"{request.slug()}-{request.seed}-", f".{format or 'wav'}"
        paths = [folder / f"{stem}{take}{suffix}" for take in range(1, request.takes + 1)]
    elif extension not in BYTES_PER_SECOND:
        raise InvalidRequest(f"--output {str(output)!r} has no extension that can be written; choose {_formats()}")
    elif format not in (None, extension):
        raise InvalidRequest(f"--output {str(output)!r} and --format {format} disagree; leave one of them out")
    elif request.takes == 1:
        paths = [folder]
    else:
        paths = [folder.with_stem(f"{folder.stem}-{take}") for take in range(1, request.takes + 1)]
    _require_room(paths, request)
    return paths


def _require_room(paths: list[Path], request: SongRequest) -> None:
    """Raise OutputError unless files can be created where `paths` lie and the disk holds them at their full length."""
    folder = paths[0].parent
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        for path in paths:
            if path.is_dir():
                raise OutputError(f"cannot write {path}: it is a folder; name a file in it")
        with tempfile.TemporaryFile(dir=existing):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror}; choose another --output") from error
    needed = int(request.takes * (request.duration * BYTES_PER_SECOND[paths[0].suffix.lower()[1:]] + 100_000))
    if free < needed:
        raise OutputError(
            f"cannot write to {folder}: up to {needed / 1e6:.1f} MB are needed and {free / 1e6:.1f} MB are free; "
            "make room or choose another --output"
        )


def _formats() -> str:
    return ", ".join(BYTES_PER_SECOND)
