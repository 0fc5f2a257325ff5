"""Where a model computes, and in which number format."""

import torch

from khala.music.errors import InvalidRequest
from khala.nn.precision import INT4

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "int8": torch.int8,
    "int4": INT4,
}
"""int8, int4: the matrices of the language models' blocks alone, the rest in bfloat16 (`weights.LoadedModel`)."""


def choose_device(name: str) -> torch.device:
    """A device by name, such as "cuda:1", or with "auto" the first of CUDA, MPS and CPU. Raises InvalidRequest."""
    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    there[:0] = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    wanted = {"auto": there[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in there:
        raise InvalidRequest(f"the device {name!r} is not on this machine; choose one of auto, {', '.join(there)}")
    return torch.device(wanted)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """A key of `DTYPES`; with "auto" bfloat16 or float16 on CUDA, else float32 (a CPU is timed: `formats`). Raises
    InvalidRequest."""
    if name == "auto":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        return torch.float32
    if name not in DTYPES:
        raise InvalidRequest(f"the dtype {name!r} is unknown; choose one of auto, {', '.join(DTYPES)}")
    if name == "int8" and device.type == "mps":
        raise InvalidRequest("int8 is for CPUs and CUDA; on mps choose --dtype float16")
    if name == "int4" and device.type != "cpu":
        instead = "int8" if device.type == "cuda" else "float16"
        raise InvalidRequest(f"int4 is for CPUs; on {device.type} choose --dtype {instead}")
    return DTYPES[name]
