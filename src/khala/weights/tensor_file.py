"""The tensors of a safetensors file: where they lie in it, and their values as numpy arrays."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.weights.aliases import tensor_name

STORED = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
"""Dtypes of a file's tensors by their names; numpy has no bfloat16 and reads its bits."""


@dataclass(frozen=True)
class Stored:
    """A tensor's dtype ("F32", "F16" or "BF16"), its shape, and the byte of the file that it starts at."""

    dtype: str
    shape: tuple[int, ...]
    offset: int


class TensorFile:
    """The tensors of a safetensors file by their current names. Raises OSError, ValueError if it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > path.stat().st_size:
                raise ValueError("it is truncated or not a safetensors file")
            header = json.loads(file.read(size))
        self.tensors = {
            tensor_name(name): Stored(its["dtype"], tuple(its["shape"]), 8 + size + its["data_offsets"][0])
            for name, its in header.items()
            if name != "__metadata__"
        }

    def array(self, name: str, index: Any = ()) -> NDArray[np.float32]:
        """Return a tensor in float32, whatever it is stored in, or what numpy's `index` selects of it. Raises KeyError
        if there is none."""
        its = self.tensors[name]
        if its.shape == ():
            mapped = np.fromfile(self.path, STORED[its.dtype], 1, offset=its.offset).reshape(())
        else:
            mapped = np.memmap(self.path, STORED[its.dtype], "r", its.offset, its.shape)[index]
        values = (mapped.astype(np.uint32) << 16).view(np.float32) if its.dtype == "BF16" else mapped
        return np.array(values, dtype=np.float32)


def stored_as(dtype: str, values: NDArray[np.float32]) -> NDArray[Any]:
    """Round float32 values to the dtype of a file, as `STORED` holds it: to the nearest, ties to even."""
    if dtype != "BF16":
        return values.astype(STORED[dtype])
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
