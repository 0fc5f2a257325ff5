"""Number formats: how weights are stored, and what a device computes with."""

from functools import cache
from typing import NamedTuple

import torch

BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")
"""Without one of these a CPU computes bfloat16 many times slower than float32."""


INT4: torch.dtype = vars(torch)["int4"]
"""`torch.int4`, which PyTorch's type hints leave out."""
QUANTIZED = (torch.int8, INT4)
"""Formats of the blocks' matrices alone."""


class Formats(NamedTuple):
    """Dtypes of the weights of both language models, and of the codec's decoder."""

    backbone: torch.dtype
    superres: torch.dtype
    codec: torch.dtype = torch.float32

    @classmethod
    def uniform(cls, dtype: torch.dtype) -> "Formats":
        """Use one dtype for both language models, float32 for the codec."""
        return cls(dtype, dtype)

    @property
    def language_models(self) -> tuple[torch.dtype, torch.dtype]:
        return self.backbone, self.superres

    def __str__(self) -> str:
        """Format as for `--dtype`: "float32" or, if the language models differ, "backbone=float32,superres=bfloat16";
        ",codec=float16" comes behind that if the codec is not float32."""
        names = [str(dtype).removeprefix("torch.") for dtype in self]
        if self.codec == torch.float32:
            names.pop()
            if names[0] == names[1]:
                return names[0]
        return ",".join(f"{part}={name}" for part, name in zip(self._fields, names, strict=False))


@cache
def computes_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16."""
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in BFLOAT16_INSTRUCTIONS)


def unquantized_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of all tensors of a model of `dtype` but the blocks' matrices, which alone are `QUANTIZED`."""
    return torch.bfloat16 if dtype in QUANTIZED else dtype


def compute_dtype_of(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """Return the dtype of activations for `stored` weights: float32 where a CPU lacks instructions for 16 bits."""
    stored = unquantized_dtype(stored)
    if device.type != "cpu" or (stored == torch.bfloat16 and computes_bfloat16()):
        return stored
    return torch.float32 if stored in (torch.bfloat16, torch.float16) else stored


def step_dtype_of(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """Return the dtype of the activations and the cache of a decode step: on a CPU no fewer than 32 bits.

    A step's time goes into reading weights, of which the cache is a small part. In bfloat16 its products of attention
    would take two to five times longer: oneDNN compiles them anew for every length.
    """
    return torch.float32 if device.type == "cpu" and stored.itemsize < 4 else compute_dtype_of(stored, device)
