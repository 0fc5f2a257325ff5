"""Number formats: in which one a device computes what is stored in another."""

from functools import cache

import torch

BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")
"""Without one of these a CPU computes bfloat16 many times slower than float32. They are asked for, not timed: on a busy
machine a timing errs, and the same command would make another song."""


@cache
def computes_bfloat16() -> bool:
    """Whether this CPU has instructions for it."""
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in BFLOAT16_INSTRUCTIONS)


def beside(dtype: torch.dtype) -> torch.dtype:
    """The format of all that is no matrix of a block, in a model of `dtype`: int8 is for those matrices alone."""
    return torch.bfloat16 if dtype == torch.int8 else dtype


def working_dtype(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """The format of activations for weights `stored` on `device`: float32 where a CPU lacks instructions for halves."""
    stored = beside(stored)
    if device.type != "cpu" or (stored == torch.bfloat16 and computes_bfloat16()):
        return stored
    return torch.float32 if stored in (torch.bfloat16, torch.float16) else stored
