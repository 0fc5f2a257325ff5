"""A zip file that is written while it is sent: it takes no space on disk, and little in memory."""

import io
from collections.abc import AsyncIterator, Iterable
from pathlib import PurePath
from typing import Any
from zipfile import ZipFile, ZipInfo

from starlette.concurrency import iterate_in_threadpool

from khala.server.audio import Audio


class _Outbox(io.RawIOBase):
    """A file without positions, whose content is taken away as it is written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


async def archive(files: AsyncIterator[tuple[str, Audio]]) -> AsyncIterator[bytes]:
    """Yield a zip file of named audio files in blocks. They are stored as they are: sound is compressed already."""
    outbox = _Outbox()
    with ZipFile(outbox, "w") as zip:
        async for name, audio in files:
            entry = ZipInfo(name)
            entry.file_size = audio.size  # tells it whether 32 bits are enough for the size
            with zip.open(entry, "w") as file:
                async for block in iterate_in_threadpool(audio.read(0, audio.size)):
                    file.write(block)
                    yield outbox.take()
    yield outbox.take()


def unique_names(names: Iterable[str]) -> list[str]:
    """Return file names in order, in which those that came before get a number: on some systems case does not count."""
    seen: set[str] = set()
    unique = []
    for name in names:
        stem, ending = PurePath(name).stem, PurePath(name).suffix
        tries = (name, *(f"{stem} ({number}){ending}" for number in range(2, len(seen) + 2)))
        chosen = next(one for one in tries if one.casefold() not in seen)
        seen.add(chosen.casefold())
        unique.append(chosen)
    return unique
