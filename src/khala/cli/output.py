"""Output paths of takes, chosen and checked before any work is done."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from khala.audio.tags.tagging import read_tags
from khala.generation.record_file import own_record, place_for_record
from khala.generation.tagging import ARTIST
from khala.music.errors import InvalidRequest, OutputError
from khala.music.request import SongRequest

BYTES_PER_SECOND = {"wav": 264_600, "flac": 264_600, "mp3": 40_000, "opus": 40_000}
"""Upper bounds: 24-bit stereo at 44.1 kHz, and the bit rates of the encoders."""

UNWRITABLE = {"aac", "aif", "aiff", "json", "m4a", "mid", "midi", "mp2", "mp4", "oga", "ogg", "txt", "webm", "wma"}
"""Extensions of files that cannot be written and are never meant as folder names."""

MAX_OVERRUN = 1.25
"""A song is cut at this multiple of the requested length."""


def destinations(request: SongRequest, output: str | Path | None, format: str | None) -> list[Path]:
    """Return one path per take of a request with a seed.

    `output` with an audio extension is a file, numbered (`name-1`, `name-2`) if there are several takes; anything else,
    and any path that ends in a slash, is a folder for files `<slug>-<seed>-<take>.<format>`. Raises InvalidRequest, and
    OutputError if a path is not writable or holds a file that is not a song of Khala's.
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


def require_listenable(
    play: bool, output: str | None, takes: int, format: str | None, as_json: bool, timed: str | None
) -> None:
    """Raise InvalidRequest for options that contradict --play or `--output -`."""
    option = "--play" if play else "--output -"
    if (play or output == "-") and takes != 1:
        raise InvalidRequest(f"{option} is for a single take, and --takes is {takes}; leave one out")
    if output != "-":
        return
    if format not in (None, "wav"):
        raise InvalidRequest(f"--output - writes WAV, and --format is {format}; leave one out")
    if timed is not None:
        raise InvalidRequest("--timed writes files beside the song, and --output - writes none; leave one out")
    if as_json:
        raise InvalidRequest("--output - and --json both write to standard output; leave one out")
    if sys.stdout.isatty():
        raise InvalidRequest("--output - writes audio to standard output, which is a terminal; redirect it")


def _paths(request: SongRequest, place: Path, format: str | None) -> list[Path]:
    extension = place.suffix.lower().removeprefix(".")
    if extension in UNWRITABLE:
        raise InvalidRequest(f"--output {str(place)!r} has an unsupported extension; choose {_formats()}")
    if extension not in BYTES_PER_SECOND:
        return _in_folder(request, place, format)
    if format not in (None, extension):
        raise InvalidRequest(f"--output {str(place)!r} and --format {format} contradict each other; leave one out")
    if request.takes == 1:
        return [place]
    return [place.with_stem(f"{place.stem}-{take}") for take in range(1, request.takes + 1)]


def _in_folder(request: SongRequest, folder: Path, format: str | None) -> list[Path]:
    stem, suffix = f"{request.slug()}-{request.seed}-", f".{format or 'wav'}"
    return [folder / f"{stem}{take}{suffix}" for take in range(1, request.takes + 1)]


def require_page(path: Path, mark: str, verb: str, option: str) -> None:
    """Raise OutputError unless a page can be written to `path`, which `option` names, without replacing anything but an
    older page of `khala VERB`, which has `mark` among its first bytes."""
    try:
        if path.exists() and path.stat().st_size:
            with path.open("rb") as file:
                ours = mark.encode() in file.read(1000)
            if not ours:
                raise OutputError(
                    f"cannot write {path}: it exists and was not written by khala {verb}; choose another {option}"
                )
        _require_writable(path.parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}; choose another {option}") from error


def _require_free(path: Path) -> None:
    """Raise OutputError if writing `path` and its record would replace anything but an older song of Khala's."""
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; choose another --output")
    if path.exists() and path.stat().st_size and not own_record(path) and not _is_signed(path):
        raise OutputError(
            f"cannot write {path}: it exists and was not made by Khala; move it away or choose another --output"
        )
    place_for_record(path)


def _is_signed(audio: Path) -> bool:
    """Whether a file's tags name Khala as the artist."""
    try:
        return read_tags(audio).get("ARTIST") == ARTIST
    except InvalidRequest:
        return False


def _require_room(paths: list[Path], request: SongRequest) -> None:
    """Raise OutputError or OSError unless the folder of `paths` is writable and its disk has room for all of them."""
    folder = paths[0].parent
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    _require_writable(existing)
    free = shutil.disk_usage(existing).free
    seconds = request.takes * request.duration * MAX_OVERRUN
    needed = seconds * BYTES_PER_SECOND[paths[0].suffix.lower()[1:]] + request.takes * 20_000
    if free < needed:
        raise OutputError(
            f"cannot write to {folder}: up to {needed / 1e6:.1f} MB are needed and {free / 1e6:.1f} MB are free; "
            "free some space or choose another --output"
        )


def _require_writable(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass


def _formats() -> str:
    return ", ".join(BYTES_PER_SECOND)
