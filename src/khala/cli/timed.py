"""Timed lyrics beside the audio files of takes: chosen, checked before any work is done, and written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from khala.generation.record_file import own_record
from khala.music.errors import InvalidRequest, OutputError
from khala.music.lyric_files import LYRIC_FORMATS, LYRIC_SUFFIXES, lyric_file
from khala.music.timing import has_times

if TYPE_CHECKING:
    from khala.generation.take import Take


def parse_timed(text: str | None) -> list[str]:
    """Return the formats named in "lrc, srt", each once. Raises InvalidRequest."""
    formats = list(dict.fromkeys((text or "").lower().replace(",", " ").split()))
    if text is not None and not formats:
        raise InvalidRequest(f"--timed names no format; choose of {', '.join(LYRIC_FORMATS)}")
    for format in formats:
        if format not in LYRIC_FORMATS:
            raise InvalidRequest(f"--timed {format[:40]!r} is unknown; choose of {', '.join(LYRIC_FORMATS)}")
    return formats


def require_timed_free(paths: Sequence[Path], formats: Sequence[str]) -> None:
    """Raise OutputError if lyrics beside one of these songs would replace a file that belongs to no song of Khala's."""
    for path in paths:
        for place in _places(path, formats):
            if place.exists() and not own_record(path):
                raise OutputError(f"cannot write {place}: it exists; move it away or choose another --output")


def write_timed(take: "Take", path: Path, formats: Sequence[str]) -> bool:
    """Write the lyrics of a take beside its audio file; False if it is not known when they are sung. Raises
    OutputError."""
    from khala.audio.replacing import replacing

    lines = take.lyrics_timed or ()
    if not has_times(lines):
        return False
    for format, place in zip(formats, _places(path, formats), strict=True):
        with replacing(place) as part:
            part.write_text(lyric_file(lines, format, take.metadata["request"]["title"]), encoding="utf-8")
    return True


def _places(path: Path, formats: Sequence[str]) -> list[Path]:
    return [path.with_suffix(LYRIC_SUFFIXES[format]) for format in formats]
