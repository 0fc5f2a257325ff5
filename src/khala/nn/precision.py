"""Number formats: in which one a device computes what is stored in another."""

from functools import cache
from typing import NamedTuple

import torch

BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")
"""Without one of these a CPU computes bfloat16 many times slower than float32."""


class Formats(NamedTuple):
    """What the weights of either language model are stored in. The codec is float32 everywhere."""

    backbone: torch.dtype
    superres: torch.dtype

    @classmethod
    def alike(cls, dtype: torch.dtype) -> "Formats":
        return cls(dtype, dtype)

    def __str__(self) -> str:
        """As `--dtype` takes it: "float32" or, where they differ, "backbone=float32,superres=bfloat16"."""
        names = [str(dtype).removeprefix("torch.") for dtype in self]
        if names[0] == names[1]:
            return names[0]
        return ",".join(f"{part}={name}" for part, name in zip(self._fields, names, strict=True))


@cache
def computes_bfloat16() -> bool:
    """Whether this CPU has instructions for it."""
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in BFLOAT16_INSTRUCTIONS)


def beside(dtype: torch.dtype) -> torch.dtype:
    """The format of all that is no matrix of a block, in a model of `dtype`: int8 is for those matrices alone."""
    return torch.bfloat16 if dtype == torch.int8 else dtype


def compute_dtype_of(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """The format of activations for weights `stored` on `device`: float32 where a CPU lacks instructions for halves."""
    stored = beside(stored)
    if device.type != "cpu" or (stored == torch.bfloat16 and computes_bfloat16()):
        return stored
    return torch.float32 if stored in (torch.bfloat16, torch.float16) else stored
