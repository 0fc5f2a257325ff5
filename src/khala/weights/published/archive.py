"""What `torch.save` wrote, read as data: a zip file of a pickle and of the numbers of its tensors.

The pickle is only taken apart (`unpickle`); the numbers are read block by block, each checked to be finite, so that a
tensor is never in memory twice. Every record has a checksum, which `zipfile` compares.
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

DTYPES = {
    "torch.FloatStorage": torch.float32,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.HalfStorage": torch.float16,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
    "torch.BoolStorage": torch.bool,
}
"""Kinds of numbers that weights are stored in."""

BLOCK = 1 << 24
"""Bytes that are read at a time."""

LARGEST_PICKLE = 1 << 27
"""Bytes; a pickle that describes a published checkpoint has a hundredth of that."""


@dataclass(frozen=True)
class Stored:
    """A tensor that lies in an archive, contiguous, `first` numbers into a `record`."""

    record: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    first: int


class Archive:
    """`length` bytes from `offset` on of the file `path` (default: all of it). Close it, or use it in a `with`.

    `source` leads the messages of errors. Whatever is wrong with the file is a ModelError.
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
        """Let go of the file."""
        self._zip.close()
        self._window.close()

    def value(self) -> Any:
        """What was saved; a tensor in it is a `Call` that `stored` understands."""
        with self._open(self._root + "data.pkl") as (file, size):
            if size > LARGEST_PICKLE:
                raise ValueError(f"its pickle has {size} bytes")
            data = file.read()
        return unpickle(data, self.source)

    def stored(self, call: Any, name: str) -> Stored:
        """The tensor that a value of the pickle stands for. Raises ModelError if it is none, or not whole."""
        try:
            if call.name == "torch._utils._rebuild_parameter":
                call = call.args[0]
            if call.name != "torch._utils._rebuild_tensor_v2":
                raise TypeError("not a tensor")
            storage, first, shape, strides = call.args[:4]
            kind, dtype, key, _, count = storage.args[0]
            if storage.name != "" or kind != "storage" or dtype.name not in DTYPES or not isinstance(key, str):
                raise TypeError(f"numbers of the kind {dtype.name}")
            stored = Stored(f"{self._root}data/{key}", DTYPES[dtype.name], tuple(map(_count, shape)), _count(first))
            size = self._zip.getinfo(stored.record).file_size
            if size != _count(count) * stored.dtype.itemsize or first + math.prod(shape) > count:
                raise ValueError(f"{size} bytes do not hold its {math.prod(shape)} numbers")
            if math.prod(shape) and not _contiguous(stored.shape, tuple(strides)):
                raise ValueError("its numbers do not lie in order")
            return stored
        except (AttributeError, TypeError, ValueError, KeyError, IndexError) as error:
            raise ModelError(f"{self.source}: the tensor {name} is damaged ({str(error)[:100]})") from None

    def blocks(self, stored: Stored, name: str) -> Iterator[tuple[int, Tensor]]:
        """A tensor of floats as (first row, some rows), in order. Raises ModelError, for NaN and infinity too."""
        if not stored.dtype.is_floating_point:
            raise ModelError(f"{self.source}: the tensor {name} holds {stored.dtype}, not weights")
        rows = stored.shape[0] if stored.shape else 1
        inner = stored.shape[1:]
        width = math.prod(inner) * stored.dtype.itemsize
        with self._open(stored.record) as (file, _):
            if stored.first:  # a file that was sought in is read without its checksum
                file.seek(stored.first * stored.dtype.itemsize)
            at = 0
            while at < rows and width:
                count = min(rows - at, max(1, BLOCK // width))
                buffer = bytearray(count * width)
                if file.readinto(buffer) != len(buffer):  # type: ignore[attr-defined]
                    raise ValueError("it is cut short")
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
            raise ModelError(f"{self.source} is damaged or cut short ({str(reason)[:100]}); fetch it again") from None


_UNREADABLE: tuple[type[Exception], ...] = (
    *(OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, OverflowError),
    *(zipfile.BadZipFile, struct.error),
)
"""What `zipfile` raises for a file that is no zip, or one that somebody tampered with."""


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a size that is no number")
    return value


def _contiguous(shape: tuple[int, ...], strides: tuple[Any, ...]) -> bool:
    wanted = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return len(strides) == len(shape) and all(
        size == 1 or stride == want for size, stride, want in zip(shape, strides, wanted, strict=True)
    )


class _Window(io.RawIOBase):
    """A stretch of a file as a file of its own."""

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
            raise ValueError("a place before the beginning")
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
