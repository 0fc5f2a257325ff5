"""Where and in which number format a model computes, when nobody says."""

import time

import torch

from khala.music.errors import InvalidRequest

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
WORTHWHILE = 1.5
"""How many times faster bfloat16 must be on a CPU: a choice near 1 would change between runs, and songs with it."""


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
    """A key of `DTYPES`; with "auto" bfloat16 where it is known or measured to be faster than float32, else that."""
    if name == "auto":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        return torch.bfloat16 if device.type == "cpu" and _bfloat16_is_faster() else torch.float32
    if name not in DTYPES:
        raise InvalidRequest(f"the dtype {name!r} is unknown; choose one of auto, {', '.join(DTYPES)}")
    return DTYPES[name]


def _bfloat16_is_faster() -> bool:
    return _seconds(torch.bfloat16) * WORTHWHILE < _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    """The fastest of a few products of a matrix as large as a small model's with a short batch."""
    weight_DD, x_BD = torch.ones(256, 256, dtype=dtype), torch.ones(64, 256, dtype=dtype)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        x_BD @ weight_DD
        times.append(time.perf_counter() - start)
    return min(times)
