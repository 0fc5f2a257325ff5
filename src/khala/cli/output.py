"""Where takes go: decided, and tried, before any work is done."""

import os
import shutil
import tempfile
from pathlib import Path

from khala.generation.record_file import own_record, place_for_record
from khala.music.errors import InvalidRequest, OutputError
from khala.music.request import SongRequest

BYTES_PER_SECOND = {"wav": 264_600, "flac": 264_600, "mp3": 40_000, "opus": 40_000}
"""Upper bounds: 24-bit stereo at 44.1 kHz, and the bit rates that files are encoded with."""

OTHER_FILES = {"aac", "aif", "aiff", "json", "m4a", "mid", "midi", "mp2", "mp4", "oga", "ogg", "txt", "webm", "wma"}
"""Extensions that cannot be written, of which nobody means a folder."""

OVERTIME = 1.25
"""A song may become this many times longer than asked before it is cut."""


def destinations(request: SongRequest, output: str | Path | None, format: str | None) -> list[Path]:
    """One path per take of a request that has its seed.

    `output` with an audio extension is a file, numbered (`name-1`, `name-2`) where there are several takes; everything
    else, and whatever ends in a slash, is a folder, in which takes are called `<slug>-<seed>-<take>.<format>`. Raises
    InvalidRequest, and OutputError also where a file lies that is no song of ours.
    """
    if format is not None and format not in BYTES_PER_SECOND:
        raise InvalidRequest(f"--format {format!r} is unknown; choose {_formats()}")
    place = Path(output or ".")
    try:
        is_folder = place.is_dir() or os.fspath(output or ".").endswith(("/", os.sep))
        paths = _in_folder(request, place, format) if is_folder else _paths(request, place, format)
        for path in paths:
            _require_free(path)
        _require_room(paths, request)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"cannot write to {place}: {reason}; choose another --output") from error
    return paths


def _paths(request: SongRequest, place: Path, format: str | None) -> list[Path]:
    extension = place.suffix.lower().removeprefix(".")
    if extension in OTHER_FILES:
        raise InvalidRequest(f"--output {str(place)!r} has no extension that can be written; choose {_formats()}")
    if extension not in BYTES_PER_SECOND:
        return _in_folder(request, place, format)
    if format not in (None, extension):
        raise InvalidRequest(f"--output {str(place)!r} and --format {format} disagree; leave one of them out")
    if request.takes == 1:
        return [place]
    return [place.with_stem(f"{place.stem}-{take}") for take in range(1, request.takes + 1)]


def _in_folder(request: SongRequest, folder: Path, format: str | None) -> list[Path]:
    stem, suffix = f"{request.slug()}-{request.seed}-", f".{format or 'wav'}"
    return [folder / f"{stem}{take}{suffix}" for take in range(1, request.takes + 1)]


def require_page(path: Path, mark: str) -> None:
    """Raise OutputError if a page cannot be written to `path`, or would destroy anything but an older one, which bears
    `mark` among its first bytes."""
    try:
        if path.exists() and path.stat().st_size:
            with path.open("rb") as file:
                ours = mark.encode() in file.read(1000)
            if not ours:
                raise OutputError(
                    f"cannot write {path}: it is there already, and no page of khala evaluate's; choose another --html"
                )
        _try(path.parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}; choose another --html") from error


def _require_free(path: Path) -> None:
    """Raise OutputError if writing `path` and its record would destroy anything but an older song of ours."""
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; choose another --output")
    if path.exists() and path.stat().st_size and not own_record(path) and not _is_signed(path):
        raise OutputError(
            f"cannot write {path}: it is there already, and no song of Khala's; move it away or choose another --output"
        )
    place_for_record(path)


def _is_signed(audio: Path) -> bool:
    """Whether a file's tags say that we made it."""
    from khala.audio.reading import open_audio  # takes a while, and is hardly ever needed

    try:
        with open_audio(audio) as file:
            return str(file.artist) == "Khala"
    except InvalidRequest:
        return False


def _require_room(paths: list[Path], request: SongRequest) -> None:
    """Raise OutputError or OSError unless files can be created where `paths` lie and the disk holds all of them."""
    folder = paths[0].parent
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    _try(existing)
    free = shutil.disk_usage(existing).free
    seconds = request.takes * request.duration * OVERTIME
    needed = seconds * BYTES_PER_SECOND[paths[0].suffix.lower()[1:]] + request.takes * 20_000
    if free < needed:
        raise OutputError(
            f"cannot write to {folder}: up to {needed / 1e6:.1f} MB are needed and {free / 1e6:.1f} MB are free; "
            "make room or choose another --output"
        )


def _try(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass


def _formats() -> str:
    return ", ".join(BYTES_PER_SECOND)
