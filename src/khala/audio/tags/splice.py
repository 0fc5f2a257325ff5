"""Replacing a part of a file in place, in blocks: tags in front of an hour of audio need no second copy of it."""

import os
from typing import BinaryIO

BLOCK_BYTES = 1 << 20


def splice(file: BinaryIO, begin: int, end: int, content: bytes) -> None:
    """Replace the bytes [begin, end) of a file that is open for reading and writing. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    read_at, write_at, waiting = end, begin, content
    while True:
        file.seek(read_at)
        block = file.read(
            min(max(len(waiting), BLOCK_BYTES), max(size - read_at, 0))
        )  # no fewer than are written over next
        read_at += len(block)
        file.seek(write_at)
        write_at += file.write(waiting)
        if not block:
            break
        waiting = block
    file.truncate()
