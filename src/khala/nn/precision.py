"""Number formats: how weights are stored, and what a device computes with."""

from functools import cache
from typing import NamedTuple

import torch

BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")
"""Without one of these a CPU computes bfloat16 many times slower than float32."""


class Formats(NamedTuple):
    """Dtypes of the weights of both language models. The codec is float32 everywhere."""

    backbone: torch.dtype
    superres: torch.dtype

    @classmethod
    def uniform(cls, dtype: torch.dtype) -> "Formats":
        """Use one dtype for both."""
        return cls(dtype, dtype)

    def __str__(self) -> str:
        """Format as for `--dtype`: "float32" or, if they differ, "backbone=float32,superres=bfloat16"."""
        names = [str(dtype).removeprefix("torch.") for dtype in self]
        if names[0] == names[1]:
            return names[0]
        return ",".join(f"{part}={name}" for part, name in zip(self._fields, names, strict=True))


@cache
def computes_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16."""
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in BFLOAT16_INSTRUCTIONS)


def unquantized_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of all tensors of a model of `dtype` but the blocks' matrices, which alone may be int8."""
    return torch.bfloat16 if dtype == torch.int8 else dtype


def compute_dtype_of(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """Return the dtype of activations for `stored` weights: float32 where a CPU lacks instructions for 16 bits."""
    stored = unquantized_dtype(stored)
    if device.type != "cpu" or (stored == torch.bfloat16 and computes_bfloat16()):
        return stored
    return torch.float32 if stored in (torch.bfloat16, torch.float16) else stored
