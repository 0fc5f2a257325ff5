"""The tensors of a shard, a safetensors file, of which a reader takes those of single songs.

    codes.<seed>     format 2: uint8, packed by 10 bits a code (`models.codec.packing`); int16 [levels, frames] before
                     that, and for codebooks of more than 1024 codes
    phones.<seed>    uint8 [frames] (`frames.sung_phones`)

The levels of a song follow one another, so that the first of them are one range of bytes.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from khala.corpus.data.storage import Storage
from khala.models.codec.packing import CODE_BITS, GROUP_BYTES, GROUP_CODES, pack_codes, unpack_codes
from khala.music.errors import InvalidRequest

FORMAT = 2
"""The version that is written, in the metadata of the file; files without one are of version 1."""
HEAD_BYTES = 1 << 16
"""What is read first, to hold the header of a shard of 64 songs: one request instead of two."""


@dataclass(frozen=True)
class ShardSong:
    """What a shard holds of a song: codes [levels, frames] and phones [frames]."""

    seed: int
    codes_QT: NDArray[np.int16]
    phones_T: NDArray[np.uint8]


def shard_bytes(songs: list[ShardSong], codebook: int) -> bytes:
    """Return the file of some songs, whose codes are below `codebook`."""
    tensors: dict[str, NDArray[Any]] = {}
    for song in songs:
        packed = codebook <= 1 << CODE_BITS
        tensors[f"codes.{song.seed}"] = pack_codes(song.codes_QT) if packed else np.ascontiguousarray(song.codes_QT)
        tensors[f"phones.{song.seed}"] = song.phones_T
    return save(tensors, {"format": str(FORMAT)})


class ShardFile:
    """A shard that is read song by song. Raises InvalidRequest if it cannot be read, is damaged, or was written by a
    newer version."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self._name = storage, name
        head = storage.read(name, 0, HEAD_BYTES)
        self._begin = 8 + int.from_bytes(head[:8], "little")
        if len(head) < self._begin <= len(head) + (1 << 30):
            head += storage.read(name, len(head), self._begin)
        try:
            header = json.loads(head[8 : self._begin])
            version = int(header.pop("__metadata__", {}).get("format", 1))
            self._tensors = {
                name: (entry["dtype"], entry["shape"], entry["data_offsets"][0]) for name, entry in header.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise self._damaged(error) from error
        if version > FORMAT:
            raise InvalidRequest(f"{storage.place}/{name} is of format {version}; a newer version of Khala reads it")

    def codes(self, seed: int, levels: int, start: int, stop: int) -> NDArray[np.int16]:
        """Return codes int16 [levels, stop - start] of a song from frame `start` on."""
        dtype, (stored, width), _ = self._entry("codes", seed)
        levels = min(levels, stored)
        if dtype == "I16":
            return self._values("codes", seed, "<i2", 0, levels * width).reshape(levels, width)[:, start:stop]
        rows_QB = self._values("codes", seed, "u1", 0, levels * width).reshape(levels, width)
        first, last = start // GROUP_CODES, -(-stop // GROUP_CODES)
        codes_QT = unpack_codes(rows_QB[:, first * GROUP_BYTES : last * GROUP_BYTES], stop - first * GROUP_CODES)
        return codes_QT[:, start - first * GROUP_CODES :]

    def phones(self, seed: int, start: int, stop: int) -> NDArray[np.uint8]:
        """Return the phones uint8 [stop - start] of a song."""
        return self._values("phones", seed, "u1", start, stop)

    def _entry(self, kind: str, seed: int) -> tuple[str, list[int], int]:
        if found := self._tensors.get(f"{kind}.{seed}"):
            return found
        raise self._damaged(f"it lacks {kind}.{seed}")

    def _values(self, kind: str, seed: int, dtype: str, start: int, stop: int) -> NDArray[Any]:
        """Read numbers [start, stop) of a tensor."""
        begin, size = self._begin + self._entry(kind, seed)[2], np.dtype(dtype).itemsize
        data = self._storage.read(self._name, begin + start * size, begin + stop * size)
        if len(data) < (stop - start) * size:
            raise self._damaged("it is cut short")
        return np.frombuffer(bytearray(data), dtype)  # torch wants memory that may be written

    def _damaged(self, reason: object) -> InvalidRequest:
        path = f"{self._storage.place}/{self._name}"
        return InvalidRequest(f"cannot read {path} ({reason}); delete it and its .jsonl and tokenize again")
