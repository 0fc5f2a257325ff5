"""Audio files opened for reading, through libsndfile.

libsndfile gets file objects: given a path it would read macOS's `._NAME` beside `NAME`, and reject an mp3 with such a
neighbour. Given a path it would also skip bytes before the first frame of an mp3, which is done here instead.
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
"""Extensions of the files that can be read, in lower case."""

_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # how a frame of MPEG layer III begins
_JUNK = 1 << 16  # most bytes before the first frame


@contextmanager
def open_audio(path: str | Path) -> Iterator[soundfile.SoundFile]:
    """Open the file at `path` and close it when the block ends. Raises InvalidRequest, also inside the block, if it
    cannot be read."""
    try:
        with Path(path).open("rb") as file, _opened(file) as sound:
            yield sound
    except OSError as error:
        raise InvalidRequest(f"cannot read audio from {path}: {error.strerror or error}") from error
    except soundfile.LibsndfileError as error:  # its own message about a damaged file is misleading
        raise InvalidRequest(
            f"cannot read audio from {path}: it is empty, damaged or in an unknown format; "
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
    """Return a file that libsndfile reads to its end.

    A WAV header that states an empty recording, as an interrupted recorder leaves it, gets the length of streams, "to
    the end of the file"; any other file is returned as it is.
    """
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
    """Return an mp3 file from its first frame on; None if it has none."""
    file.seek(0)
    data = file.read()
    begin = 0
    if data.startswith(b"ID3"):
        begin = 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(data[6:10])))
    first = _FRAME.search(data, begin, begin + _JUNK)
    return first and BytesIO(data[first.start() :])
