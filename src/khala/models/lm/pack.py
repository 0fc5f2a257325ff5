"""Several songs in one pass of full attention: without padding, and batch-invariant.

On a CPU the songs go through a layer one after the other, which takes as long as together; they share the upcasting of
its matrices. A song's rows are spread over threads, in pieces that do not depend on the number of threads. A GPU
finishes the kernels of a short song faster than the host can launch them: there products run over the rows of all
songs, `GPU_ROWS` at a time, so that the shape of a product does not depend on the songs. Attention runs song by song.
What comes before and after it may be compiled (`models.lm.row_work`).
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.models.lm.row_work import RowWork
from khala.models.lm.transformer import Transformer
from khala.nn.block import Block
from khala.nn.linear import Linear
from khala.nn.rope import CosSin
from khala.nn.threads import spread

GPU_ROWS = 512
"""Rows of a product on a GPU: enough to keep a large GPU busy, and few enough that padding the last block is cheap."""
THREAD_ROWS = 128
"""The most rows that a thread takes at a time: enough for products to be as fast as with more."""


def encode_pack(
    model: Transformer,
    songs_1TD: Sequence[Tensor],
    starts: Sequence[int],
    by_rows: bool | None = None,
    row_work: RowWork | None = None,
    pulse: Callable[[], None] = lambda: None,
) -> list[Tensor]:
    """Run embeddings [1, T, D] of several songs through the model -> normed hidden states [1, T - start, D] of each.

    Equals `model(song, causal=False, start=start)` for each song. `by_rows` selects the way of a GPU (default: on CUDA,
    and with `row_work`), which calls `pulse` before each layer. Has no gradients.
    """
    if not songs_1TD:
        return []
    if by_rows is None:
        by_rows = model.device.type == "cuda" or row_work is not None
    if by_rows:
        hidden = _by_rows(model, songs_1TD, starts, row_work or RowWork(), pulse)
    else:
        hidden = _by_songs(model, songs_1TD, starts)
    return [model.norm(x_1TD) for x_1TD in hidden]


def _by_songs(model: Transformer, songs_1TD: Sequence[Tensor], starts: Sequence[int]) -> list[Tensor]:
    songs_1TD, last = list(songs_1TD), len(model.blocks) - 1
    longest = max(song.shape[1] for song in songs_1TD)
    cos_sin = [model.rope.cos_sin(slice(song.shape[1]), longest, song.device) for song in songs_1TD]
    for number, block in enumerate(model.blocks):
        with ExitStack() as stack:
            for module in block.modules():
                if isinstance(module, Linear):
                    stack.enter_context(module.upcast(model.compute_dtype))
            for i, start in enumerate(starts):
                first = start if number == last else 0
                songs_1TD[i] = _spread_block(cast(Block, block), songs_1TD[i], cos_sin[i], first)
    return songs_1TD


def _spread_block(block: Block, x_1TD: Tensor, cos_sin: CosSin, start: int) -> Tensor:
    """Compute `block(x_1TD, cos_sin, causal=False, start=start)`, its rows spread over threads."""
    attention, (cos_T1K, sin_T1K) = block.attention, cos_sin

    def heads(rows: slice) -> tuple[Tensor, Tensor, Tensor]:
        return attention.split_heads(
            attention.qkv(block.attention_norm(x_1TD[:, rows])), (cos_T1K[rows], sin_T1K[rows])
        )

    def rest(rows: slice) -> Tensor:
        return block.feed_forward(x_1TD[:, rows], attention.out(attention.attend(q_1THK[:, rows], k_1TGK, v_1TGK)))

    q_1THK, k_1TGK, v_1TGK = (torch.cat(kind, 1) for kind in zip(*spread(heads, _rows(0, x_1TD.shape[1])), strict=True))
    return torch.cat(spread(rest, _rows(start, x_1TD.shape[1])), 1)


def _rows(start: int, stop: int) -> list[slice]:
    """Divide `start` to `stop` into pieces of about the same length."""
    pieces = -(-(stop - start) // THREAD_ROWS)
    bounds = [start + (stop - start) * i // pieces for i in range(pieces + 1)]
    return [slice(low, high) for low, high in pairwise(bounds)]


def _by_rows(
    model: Transformer,
    songs_1TD: Sequence[Tensor],
    starts: Sequence[int],
    row_work: RowWork,
    pulse: Callable[[], None],
) -> list[Tensor]:
    lengths = [song.shape[1] for song in songs_1TD]
    rows = sum(lengths)
    x_1RD = _padded(torch.cat(list(songs_1TD), dim=1))
    positions = [torch.arange(length, device=x_1RD.device) for length in lengths]
    positions_R = F.pad(torch.cat(positions), (0, x_1RD.shape[1] - rows))
    cos_R1K, sin_R1K = model.rope.cos_sin(positions_R, max(lengths), x_1RD.device)
    cos_sin = list(zip(cos_R1K.split(GPU_ROWS), sin_R1K.split(GPU_ROWS), strict=True))
    for module in model.blocks:
        pulse()
        block = cast(Block, module)
        parts = [row_work.project(block, x, *at) for x, at in zip(_blocks(x_1RD), cos_sin, strict=True)]
        each = [torch.cat(kind, dim=1)[:, :rows].split(lengths, dim=1) for kind in zip(*parts, strict=True)]
        y_1RD = _padded(torch.cat([block.attention.attend(q, k, v) for q, k, v in zip(*each, strict=True)], dim=1))
        pairs = zip(_blocks(x_1RD), _blocks(y_1RD), strict=True)
        x_1RD = torch.cat([row_work.finish(block, x, y) for x, y in pairs], dim=1)
    hidden = x_1RD[:, :rows].split(lengths, dim=1)
    return [song[:, start:] for song, start in zip(hidden, starts, strict=True)]


def _blocks(x_1RD: Tensor) -> list[Tensor]:
    """Divide rows into blocks that do not show how many there are, not even by their strides."""
    return [x_RD[None] for x_RD in x_1RD[0].split(GPU_ROWS)]


def _padded(x_1RD: Tensor) -> Tensor:
    """Pad with rows of zeros to a whole number of blocks."""
    return F.pad(x_1RD, (0, 0, 0, -x_1RD.shape[1] % GPU_ROWS))
