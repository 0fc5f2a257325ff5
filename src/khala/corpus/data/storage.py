"""A folder of token shards: on a disk, or in an object store that fsspec knows (s3://, gs://, memory://)."""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec

from khala.audio.replacing import replacing
from khala.music.errors import InvalidRequest, OutputError

Place = str | Path
"""A folder, or a URL of one."""


class Storage:
    """The files of a folder. Raises InvalidRequest for a URL that cannot be used, and every method for a file that
    cannot be read: the message is one line that names it. Threads may share it."""

    def __init__(self, place: Place) -> None:
        self.place = str(place).rstrip("/")
        try:
            self._files, root = fsspec.core.url_to_fs(self.place)
        except Exception as error:  # of any type, from the client of the store
            raise InvalidRequest(f"{self.place} cannot be used: {_reason(error)}") from None
        self._root = root.rstrip("/")
        protocol = self._files.protocol
        self.local = "file" in ((protocol,) if isinstance(protocol, str) else protocol)
        self._copies = None if self.local else TemporaryDirectory(prefix="khala-")

    def names(self, pattern: str) -> list[str]:
        """Return the names of the files that match `pattern`, sorted; none if there is no such folder."""
        with self._reading(pattern):
            try:
                self._files.invalidate_cache(self._root)
                found = [path.rsplit("/", 1)[-1] for path in self._files.ls(self._root, detail=False)]
            except FileNotFoundError:
                return []
        return sorted(name for name in found if fnmatch(name, pattern))

    def exists(self, name: str) -> bool:
        with self._reading(name):
            return bool(self._files.exists(self._at(name)))

    def read(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return bytes [start, stop) of a file, fewer at its end. Of a file in a store only these travel."""
        with self._reading(name):
            data: bytes = self._files.cat_file(self._at(name), start, stop)
        return data

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all. Raises OutputError."""
        try:
            if self.local:
                Path(self._root).mkdir(parents=True, exist_ok=True)
                with replacing(Path(self._at(name))) as part:
                    part.write_bytes(data)
            else:
                self._files.pipe_file(self._at(name), data)
        except OutputError:
            raise
        except Exception as error:
            raise OutputError(f"cannot write {self.place}/{name}: {_reason(error)}") from error

    def fetched(self, name: str) -> Path:
        """Return a file on this machine: the file itself or, of a store, a copy that lives as long as this object."""
        if self._copies is None:
            return Path(self._at(name))
        copy = Path(self._copies.name) / name
        if not copy.exists():
            data = self.read(name)
            with replacing(copy) as part:
                part.write_bytes(data)
        return copy

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of any type, from the client of the store
            raise InvalidRequest(f"cannot read {self.place}/{name}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return said.strip().splitlines()[0]
