"""Compiled passes of super-resolution, where this machine can compile."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from khala.models.lm.row_work import RowWork, compile_row_work
from khala.music.errors import InvalidRequest


def compiled_row_work(device: torch.device, backend: str | Callable[..., Any] = "inductor") -> RowWork:
    """Return compiled row work after compiling a trifle for `device`: else a song would fail when half of it is done.

    Raises InvalidRequest.
    """
    try:
        torch.compile(_trifle, backend=backend, dynamic=False)(torch.ones(8, device=device))
    except (RuntimeError, OSError, ImportError) as error:
        cause = getattr(error, "inner_exception", error)
        reason = str(cause).strip().partition("\n")[0] or type(cause).__name__
        raise InvalidRequest(
            f"the engine torch-compiled cannot compile for {device.type} on this machine ({reason}); it needs a C++ "
            "compiler, such as g++, and on CUDA also Triton; or choose the engine torch"
        ) from error
    return compile_row_work(backend)


def _trifle(x: Tensor) -> Tensor:
    return x.sin() * 2
