"""`.metadata` of a checkpoint: its tensors, and the chunks that each is stored in.

Follows `torch.distributed.checkpoint.metadata`: `state_dict_metadata` maps a name to the shape of a tensor and to the
positions and shapes of its chunks, `storage_data` maps (name, position) to a file, an offset and a length.
"""

import math
import re
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch

from khala.music.errors import ModelError
from khala.weights.published.unpickle import Call, unpickle

Ints = tuple[int, ...]

_METADATA = "torch.distributed.checkpoint.metadata."
_DTYPES = {
    f"torch.{dtype}": getattr(torch, dtype)
    for dtype in ("float32", "bfloat16", "float16", "int64", "int32", "uint8", "bool")
}


@dataclass(frozen=True)
class Chunk:
    """A box of a tensor: its first index and shape, and the bytes that hold it (a `torch.save` archive)."""

    start: Ints
    shape: Ints
    file: str
    offset: int
    length: int

    @property
    def box(self) -> tuple[tuple[int, int], ...]:
        """The first index and the end on every axis."""
        return tuple((start, start + size) for start, size in zip(self.start, self.shape, strict=True))


@dataclass(frozen=True)
class TensorEntry:
    """A tensor and its chunks, which fill it without overlap."""

    dtype: torch.dtype
    shape: Ints
    chunks: tuple[Chunk, ...]


def read_metadata(data: bytes, source: str) -> tuple[dict[str, TensorEntry], list[str]]:
    """Read tensors by name, and the names of everything else (states that are pickles of their own and never read).

    Raises ModelError, which begins with `source`, for another kind of file and for tensors with holes.
    """
    root = unpickle(data, source)
    try:
        _require(root, "Metadata")
        places = _places(root["storage_data"])
        tensors, others = {}, []
        for name, stored in root["state_dict_metadata"].items():
            if not isinstance(name, str):
                raise TypeError("a name that is not text")
            if isinstance(stored, Call) and stored.name == f"{_METADATA}TensorStorageMetadata":
                tensors[name] = _entry(name, stored, places)
            else:
                others.append(name)
        return tensors, others
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise ModelError(f"{source} is damaged: {str(error)[:200]}; fetch it again") from None


def _places(storage: dict[Any, Any]) -> dict[tuple[str, Ints | None], tuple[str, int, int]]:
    places: dict[tuple[str, Ints | None], tuple[str, int, int]] = {}
    for index, info in storage.items():
        _require(index, "MetadataIndex")
        if info.state.get("transform_descriptors"):
            raise ValueError("its files are compressed")
        name, file = index["fqn"], info["relative_path"]
        if not isinstance(name, str):
            raise TypeError("a name that is not text")
        if not isinstance(file, str) or not re.fullmatch(r"\w[\w.-]*", file):
            raise ValueError(f"it names the file {str(file)!r}, which is not in the same folder")
        offset = index.state.get("offset")
        place = None if offset is None else _ints(offset)
        at, length = _ints((info["offset"], info["length"]))
        places[name, place] = (file, at, length)
    return places


def _entry(name: str, stored: Call, places: dict[tuple[str, Ints | None], tuple[str, int, int]]) -> TensorEntry:
    properties = stored["properties"].state
    dtype = (properties["dtype"] if isinstance(properties, dict) else properties[0]).name
    if dtype not in _DTYPES:
        raise ValueError(f"the tensor {name} holds {dtype}")
    shape = _ints(stored["size"])
    chunks = []
    for chunk in stored["chunks"]:
        start, size = _ints(chunk["offsets"]), _ints(chunk["sizes"])
        if (name, start) not in places:
            raise ValueError(f"a chunk of the tensor {name} has no file")
        chunks.append(Chunk(start, size, *places[name, start]))
    _require_filled(name, shape, chunks)
    return TensorEntry(_DTYPES[dtype], shape, tuple(chunks))


def _require_filled(name: str, shape: Ints, chunks: list[Chunk]) -> None:
    if sum(math.prod(chunk.shape) for chunk in chunks) != math.prod(shape):
        raise ValueError(f"the chunks of the tensor {name} do not fill its shape {list(shape)}")
    for chunk in chunks:
        if len(chunk.box) != len(shape) or any(last > size for (_, last), size in zip(chunk.box, shape, strict=True)):
            raise ValueError(f"a chunk of the tensor {name} lies outside of its shape {list(shape)}")
    for one, other in combinations(chunks, 2):
        if all(a < d and c < b for (a, b), (c, d) in zip(one.box, other.box, strict=True)):
            raise ValueError(f"chunks of the tensor {name} overlap")


def _require(value: Any, kind: str) -> None:
    if not isinstance(value, Call) or value.name != _METADATA + kind:
        raise TypeError(f"a {kind} is missing")


def _ints(values: Any) -> Ints:
    if not isinstance(values, list | tuple) or not all(type(value) is int and 0 <= value < 1 << 62 for value in values):
        raise ValueError("an invalid position or size")
    return tuple(values)
