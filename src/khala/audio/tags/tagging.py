"""Tags written to and read from a file of any format, which its first bytes tell."""

from pathlib import Path
from typing import BinaryIO

from khala.audio.tags import flac, ogg, wav
from khala.audio.tags.mp3 import read_mp3, write_mp3
from khala.audio.tags.tag_set import Tags
from khala.music.errors import InvalidRequest

_FORMATS = {
    flac.MARK: (flac.write_flac, flac.read_flac),
    ogg.MARK: (ogg.write_ogg, ogg.read_ogg),
    wav.MARK: (wav.write_wav, wav.read_wav),
}
_OTHERS = write_mp3, read_mp3
"""An mp3 file begins with its tags or with its audio."""


def write_tags(file: BinaryIO, tags: Tags) -> None:
    """Replace all tags of an audio file that is open for reading and writing; `Tags()` removes them. The audio stays as
    it is. Raises InvalidRequest for a damaged file, and OSError."""
    write, _ = _FORMATS.get(_mark(file), _OTHERS)
    write(file, tags)


def read_tags(path: Path) -> dict[str, str]:
    """Return the texts of an audio file's tags, as in `Tags.fields`. They may come from anyone: nothing in them is
    checked but their size. Raises InvalidRequest if the file cannot be read or its tags are damaged."""
    try:
        with path.open("rb") as file:
            _, read = _FORMATS.get(_mark(file), _OTHERS)
            return read(file)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InvalidRequest(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    except InvalidRequest as error:
        raise InvalidRequest(f"cannot read {path}: {error}") from None


def _mark(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(4)
