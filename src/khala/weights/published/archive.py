"""Reading files of `torch.save` as data: a zip archive of a pickle and of the numbers of its tensors.

The pickle is parsed, not run (`unpickle`); the numbers are read block by block and checked to be finite, so that a
tensor is never in memory twice. Every record has a checksum, which `zipfile` verifies.
"""

import io
import math
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import torch
from torch import Tensor

from khala.music.errors import ModelError
from khala.weights.published.unpickle import unpickle
from khala.weights.tensors import is_finite

STORAGE_DTYPES = {
    "torch.FloatStorage": torch.float32,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.HalfStorage": torch.float16,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
    "torch.BoolStorage": torch.bool,
}
"""Storage classes of PyTorch, and their dtypes."""

BLOCK_BYTES = 1 << 24
"""Bytes read at a time."""

PICKLE_BYTES = 1 << 27
"""The largest pickle that is read; that of a published checkpoint has a hundredth of this."""


@dataclass(frozen=True)
class Stored:
    """A contiguous tensor in an archive, from number `first` of a `record` on."""

    record: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    first: int


class Archive:
    """An archive in `length` bytes of the file `path` from `offset` on (default: all). Close it, or use `with`.

    `source` is the prefix of error messages. Raises ModelError for whatever is wrong with the file.
    """

    def __init__(self, path: Path, source: str, offset: int = 0, length: int | None = None) -> None:
        self.source = source
        with self._readable():
            self._window = _Window(path, offset, path.stat().st_size - offset if length is None else length)
        try:
            with self._readable():
                self._zip = zipfile.ZipFile(self._window)
                names = [name for name in self._zip.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
                if len(names) != 1:
                    raise ValueError("no data.pkl")
                self._root = names[0].removesuffix("data.pkl")
                order = self._root + "byteorder"
                if order in self._zip.namelist() and self._zip.read(order) != b"little":
                    raise ValueError("its byte order is big-endian")
        except BaseException:
            self._window.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._window.close()

    def value(self) -> Any:
        """Read the saved value; a tensor in it is a `Call` for `stored`. Raises ModelError."""
        with self._open(self._root + "data.pkl") as (file, size):
            if size > PICKLE_BYTES:
                raise ValueError(f"its pickle has {size} bytes")
            data = file.read()
        return unpickle(data, self.source)

    def stored(self, call: Any, name: str) -> Stored:
        """Find the tensor that a value of the pickle refers to. Raises ModelError if it is not a whole tensor."""
        try:
            if call.name == "torch._utils._rebuild_parameter":
                call = call.args[0]
            if call.name != "torch._utils._rebuild_tensor_v2":
                raise TypeError("not a tensor")
            storage, first, shape, strides = call.args[:4]
            kind, dtype, key, _, count = storage.args[0]
            if storage.name != "" or kind != "storage" or dtype.name not in STORAGE_DTYPES or not isinstance(key, str):
                raise TypeError(f"numbers of the kind {dtype.name}")
            stored = Stored(
                f"{self._root}data/{key}", STORAGE_DTYPES[dtype.name], tuple(map(_count, shape)), _count(first)
            )
            size = self._zip.getinfo(stored.record).file_size
            if size != _count(count) * stored.dtype.itemsize or first + math.prod(shape) > count:
                raise ValueError(f"{size} bytes do not hold its {math.prod(shape)} numbers")
            if math.prod(shape) and not _contiguous(stored.shape, tuple(strides)):
                raise ValueError("its numbers are not in order")
            return stored
        except (AttributeError, TypeError, ValueError, KeyError, IndexError) as error:
            raise ModelError(f"{self.source}: the tensor {name} is damaged ({str(error)[:100]})") from None

    def blocks(self, stored: Stored, name: str) -> Iterator[tuple[int, Tensor]]:
        """Read a tensor of floats as (first row, rows), in order. Raises ModelError, also for NaN and infinity."""
        if not stored.dtype.is_floating_point:
            raise ModelError(f"{self.source}: the tensor {name} holds {stored.dtype}, not weights")
        rows = stored.shape[0] if stored.shape else 1
        inner = stored.shape[1:]
        width = math.prod(inner) * stored.dtype.itemsize
        with self._open(stored.record) as (file, _):
            if stored.first:  # after seeking, the checksum is not verified
                file.seek(stored.first * stored.dtype.itemsize)
            at = 0
            while at < rows and width:
                count = min(rows - at, max(1, BLOCK_BYTES // width))
                buffer = bytearray(count * width)
                if file.readinto(buffer) != len(buffer):  # type: ignore[attr-defined]
                    raise ValueError("it is truncated")
                block = torch.frombuffer(buffer, dtype=stored.dtype).view(count, *inner)
                if not is_finite(block):
                    raise ModelError(f"{self.source}: the tensor {name} holds NaN or infinity")
                yield at, block
                at += count

    @contextmanager
    def _open(self, record: str) -> Iterator[tuple[IO[bytes], int]]:
        with self._readable():
            info = self._zip.getinfo(record)
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError("it is compressed")
            with self._zip.open(info) as file:
                yield file, info.file_size

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except _UNREADABLE as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
            raise ModelError(f"{self.source} is damaged or truncated ({str(reason)[:100]}); fetch it again") from None


_UNREADABLE: tuple[type[Exception], ...] = (
    *(OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, OverflowError),
    *(zipfile.BadZipFile, struct.error),
)
"""Exceptions of `zipfile` for files that are not zip archives, or were tampered with."""


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a size that is not a number")
    return value


def _contiguous(shape: tuple[int, ...], strides: tuple[Any, ...]) -> bool:
    wanted = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return len(strides) == len(shape) and all(
        size == 1 or stride == want for size, stride, want in zip(shape, strides, wanted, strict=True)
    )


class _Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, path: Path, offset: int, length: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._offset, self._length, self._at = offset, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)[: max(0, self._length - self._at)]
        self._file.seek(self._offset + self._at)
        count = self._file.readinto(view) or 0
        self._at += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
