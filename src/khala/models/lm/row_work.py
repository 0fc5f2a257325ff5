"""What a pass by rows (`models.lm.pack`) computes of a block of rows, before attention and after it."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from khala.nn.block import Block


def project(block: Block, x_1RD: Tensor, cos_R1K: Tensor, sin_R1K: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Project rows to their queries, keys and values [1, R, H or G, K]."""
    y_1RD = block.attention_norm.forward(x_1RD)  # not called: a hook for progress cannot be compiled
    return block.attention.split_heads(block.attention.qkv(y_1RD), (cos_R1K, sin_R1K))


def finish(block: Block, x_1RD: Tensor, y_1RD: Tensor) -> Tensor:
    """Apply the rest of a block to its input and what attention made of it."""
    x_1RD = x_1RD + block.attention.out(y_1RD)
    return x_1RD + block.mlp.forward(block.mlp_norm.forward(x_1RD))


class RowWork(NamedTuple):
    """`project` and `finish`, as they are or compiled."""

    project: Callable[[Block, Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]] = project
    finish: Callable[[Block, Tensor, Tensor], Tensor] = finish


def compile_row_work(backend: str | Callable[..., Any] = "inductor") -> RowWork:
    """Compile both with `torch.compile`, once for all layers, when they first see a model.

    Blocks have the same number of rows whatever the songs, so nothing is compiled again for another length.
    """
    compiled = partial(torch.compile, backend=backend, dynamic=False, fullgraph=True)
    return RowWork(compiled(project), compiled(finish))
