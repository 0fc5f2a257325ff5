"""Stored files of takes, in a folder or anywhere else that fsspec reaches (s3://...).

Paths consist of ids and are written once: a reader sees the whole file or none, and no later writer changes it.
"""

import errno
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fsspec

from khala.audio.replacing import replacing
from khala.jobs.records import Artifact
from khala.jobs.tables import new_id
from khala.music.errors import InvalidRequest, KhalaError, Kind, NotFound, OutputError, StoreError

log = logging.getLogger(__name__)

BLOCK_BYTES = 1 << 18
"""Size of a read."""

EXTENSIONS = {
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/mpeg": "mp3",
    "audio/ogg": "opus",
    "application/json": "json",
    "application/x-safetensors": "safetensors",
}


class Artifacts:
    """A store of artifacts. `url`: a folder, or a URL that fsspec knows. Raises InvalidRequest for any other."""

    def __init__(self, url: str | Path) -> None:
        try:
            self._files, root = fsspec.core.url_to_fs(str(url))
        except (ValueError, ImportError) as error:
            raise InvalidRequest(f"the artifacts URL {str(url)!r} cannot be used: {error}") from None
        self._root = root.rstrip("/")
        protocol = self._files.protocol
        self._local = "file" in ((protocol,) if isinstance(protocol, str) else protocol)

    def put(self, song_id: str, take_id: str, kind: str, media_type: str, data: bytes | Path) -> Artifact:
        """Store bytes, or a file, under a new path. The caller records the artifact. Raises StoreError."""
        id = new_id()
        path = f"{song_id}/{take_id}/{id}.{EXTENSIONS[media_type]}"
        if isinstance(data, Path):
            digest, size = _digest(data), data.stat().st_size
        else:
            digest, size = hashlib.sha256(data).hexdigest(), len(data)
        with self._typed("write"):
            if self._local:
                Path(self._at(path)).parent.mkdir(parents=True, exist_ok=True)
                with replacing(Path(self._at(path))) as part:
                    part.write_bytes(data if isinstance(data, bytes) else data.read_bytes())
            elif isinstance(data, Path):
                self._files.put_file(str(data), self._at(path))
            else:
                self._files.pipe_file(self._at(path), data)
        return Artifact(id, take_id, kind, media_type, size, digest, path, time.time())

    def read(self, artifact: Artifact, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return bytes [start, stop) in blocks. The file is opened before this returns: raises NotFound if it is gone,
        StoreError if the store does not answer."""
        stop = artifact.size if stop is None else min(stop, artifact.size)
        with self._typed("read"):
            file = self._files.open(self._at(artifact.path), "rb", block_size=BLOCK_BYTES)
            file.seek(start)

        def blocks() -> Iterator[bytes]:
            left = stop - start
            with file, self._typed("read"):
                while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
                    left -= len(block)
                    yield block

        return blocks()

    def get(self, artifact: Artifact) -> bytes:
        """Return the whole content. Raises NotFound if it is gone or is not what was stored, StoreError."""
        data = b"".join(self.read(artifact))
        if hashlib.sha256(data).hexdigest() != artifact.digest:
            raise NotFound(f"the {artifact.kind} of the take {artifact.take_id} was changed or damaged in the store")
        return data

    def delete(self, artifact: Artifact) -> None:
        """Remove one file, if it is still there. Raises StoreError."""
        with self._typed("delete"), suppress(FileNotFoundError):
            self._files.rm_file(self._at(artifact.path))

    def delete_song(self, song_id: str) -> None:
        """Remove all files of a song, including those that no longer belong to a take. Raises StoreError."""
        with self._typed("delete"), suppress(FileNotFoundError):
            self._files.rm(self._at(song_id), recursive=True)

    def song_ids(self) -> list[str]:
        """Return the ids of all songs with stored files, whether the songs still exist or not. Raises StoreError."""
        with self._typed("read"):
            if not self._files.isdir(self._root):
                return []
            return [Path(path).name for path in self._files.ls(self._root, detail=False)]

    def check(self) -> None:
        """Raise StoreError unless a file can be written."""
        probe = self.put("probe", "probe", "probe", "application/json", b"{}")
        self.delete(probe)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    @contextmanager
    def _typed(self, verb: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if verb != "write":
                raise NotFound("the file is no longer stored") from error
            raise _failed("cannot write in the artifact store", error) from error
        except (OSError, OutputError) as error:  # fsspec's remote file systems raise it for a store's refusals, too
            raise _failed(f"cannot {verb} in the artifact store", error) from error
        except Exception as error:  # of any type, from their clients, where the store does not answer
            if self._local or isinstance(error, KhalaError):
                raise
            log.warning("artifact store fails", extra={"error": str(error)})  # may name addresses
            raise StoreError(f"cannot {verb} in the artifact store: {type(error).__name__}") from error


def temporary_file_error(error: OSError | OutputError) -> StoreError:
    """Return the StoreError for a temporary file that could not be written; it gives the reason, not the path."""
    return _failed("cannot write temporary files", error)


def _failed(what: str, error: OSError | OutputError) -> StoreError:
    cause = error.__cause__ or error  # the cause of an OutputError (`replacing`) gives the reason without the path
    number = cause.errno if isinstance(cause, OSError) else None
    kind: Kind = "storage-full" if number in (errno.ENOSPC, errno.EDQUOT) else "storage-unreachable"
    return StoreError(f"{what}: {os.strerror(number) if number is not None else cause}", kind)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
