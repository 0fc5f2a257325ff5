"""Files that are written under a temporary name, then renamed: a reader sees the whole file or none."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from khala.music.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; the file written there replaces `path` when the block succeeds
    and is removed when it fails or is interrupted. Raises OutputError for every failure of the file system."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())  # a disk that fills up late (network, quota) must fail here, not after the rename
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink()
