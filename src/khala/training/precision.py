"""Which number format a training step computes in: bfloat16 only where it is measured to be faster."""

import contextlib
import time

import torch

from khala.music.errors import InvalidRequest

CHOICES = ("auto", "float32", "bfloat16")


def choose(choice: str, device: torch.device) -> torch.dtype:
    """`choice` is one of CHOICES; "auto" times one matrix product in each format on `device`."""
    if choice not in CHOICES:
        raise InvalidRequest(f"precision '{choice}' is unknown: choose one of {', '.join(CHOICES)}")
    if choice == "auto":
        return torch.bfloat16 if _seconds(torch.bfloat16, device) < _seconds(torch.float32, device) else torch.float32
    return torch.bfloat16 if choice == "bfloat16" else torch.float32


def autocast(dtype: torch.dtype, device: torch.device) -> contextlib.AbstractContextManager[None]:
    """The context a forward pass runs in: weights stay float32 and products use `dtype`."""
    if dtype == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)


def _seconds(dtype: torch.dtype, device: torch.device, size: int = 256, repeats: int = 3) -> float:
    a_NN = torch.ones(size, size, dtype=dtype, device=device)
    times = []
    for _ in range(repeats + 1):  # the first product pays for set-up and is left out by the minimum
        start = time.perf_counter()
        (a_NN @ a_NN)[0, 0].item()
        times.append(time.perf_counter() - start)
    return min(times)
