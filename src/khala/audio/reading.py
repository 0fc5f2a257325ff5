"""Audio files opened for reading, through libsndfile.

They are handed to it as file objects: by path it would look at what macOS leaves in `._NAME` beside `NAME`, and takes
an mp3 with such a neighbour for broken. By path it also looks through what stands before the first frame of an mp3;
here that is passed over for it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import soundfile

from khala.music.errors import InvalidRequest

READABLE = (
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc"),
    *(".caf", ".au", ".snd", ".w64", ".rf64"),
)
"""Endings of the files that can be read, in lower case."""

_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # how a frame of MPEG layer III begins
_JUNK = 1 << 16  # bytes before the first frame that are looked through


@contextmanager
def open_audio(path: str | Path) -> Iterator[soundfile.SoundFile]:
    """The file at `path`, open; closed when the block ends. Raises InvalidRequest, in the block, too, if it cannot be
    read."""
    try:
        with Path(path).open("rb") as file, _opened(file) as sound:
            yield sound
    except OSError as error:
        raise InvalidRequest(f"cannot read audio from {path}: {error.strerror or error}") from error
    except soundfile.LibsndfileError as error:  # what it says of a torn file leads astray
        raise InvalidRequest(
            f"cannot read audio from {path}: it is empty, torn or of a kind that cannot be read; "
            "convert it, for instance to flac"
        ) from error


def _opened(file: BinaryIO) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(_with_length(file))
    except TypeError:  # soundfile asks for the rate of a file that is called .raw
        raise soundfile.LibsndfileError(1) from None
    except soundfile.LibsndfileError:
        frames = _frames(file) if Path(file.name).suffix.lower() == ".mp3" else None
        if frames is None:
            raise
        return soundfile.SoundFile(frames)


def _with_length(file: BinaryIO) -> BinaryIO:
    """A WAV file whose header says that it is empty, as a recorder leaves it that stopped halfway, gets the length that
    streams say, "to the end of the file"; any other one comes back as it is."""
    head = file.read(4096)
    file.seek(0)
    at = head.find(b"data" + bytes(4))
    whole = 8 + int.from_bytes(head[4:8], "little") >= os.fstat(file.fileno()).st_size
    if not (head.startswith(b"RIFF") and at > 0) or whole:
        return file
    data = bytearray(file.read())
    data[at + 4 : at + 8] = b"\xff" * 4
    return BytesIO(data)


def _frames(file: BinaryIO) -> BytesIO | None:
    """What an mp3 file holds from its first frame on; None if it has none."""
    file.seek(0)
    data = file.read()
    begin = 0
    if data.startswith(b"ID3"):
        begin = 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(data[6:10])))
    first = _FRAME.search(data, begin, begin + _JUNK)
    return first and BytesIO(data[first.start() :])
