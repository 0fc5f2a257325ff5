"""Several songs in one pass of full attention. None is padded, and what becomes of one does not depend on the others.

On a CPU the songs go through a layer one after the other, which takes as long as together; what they share is a matrix
that has to be widened. A GPU finishes the kernels of a short song faster than a host can launch them: there products
run over the rows of all songs, `BLOCK` at a time, so that a product has one shape whoever is in it. Attention is taken
song by song.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.models.transformer import Transformer
from khala.nn.block import Block
from khala.nn.linear import Linear

BLOCK = 512
"""Rows of a product on a GPU: enough to keep a large one busy, and few enough that the last block costs little."""


def encode_pack(
    model: Transformer, songs_1TD: Sequence[Tensor], starts: Sequence[int], by_rows: bool | None = None
) -> list[Tensor]:
    """Embeddings of whole songs -> normed hidden states of positions `start` and later, [1, T - start, D] of each.

    The same as `model(song, causal=False, start=start)` for each. `by_rows`: as on CUDA, which is where it is done
    unless told otherwise. Without gradients.
    """
    by_rows = model.device.type == "cuda" if by_rows is None else by_rows
    hidden = (_by_rows if by_rows else _by_songs)(model, songs_1TD, starts)
    return [model.norm(x_1TD) for x_1TD in hidden]


def _by_songs(model: Transformer, songs_1TD: Sequence[Tensor], starts: Sequence[int]) -> list[Tensor]:
    songs_1TD, last = list(songs_1TD), len(model.blocks) - 1
    longest = max(song.shape[1] for song in songs_1TD)
    turns = [model.rope.turns(slice(song.shape[1]), longest, song.device) for song in songs_1TD]
    for number, block in enumerate(model.blocks):
        with ExitStack() as stack:
            for module in block.modules():
                if isinstance(module, Linear):
                    stack.enter_context(module.widened(model.working))
            for i, start in enumerate(starts):
                spared = start if number == last else 0
                songs_1TD[i] = block(songs_1TD[i], turns[i], causal=False, start=spared)
    return songs_1TD


def _by_rows(model: Transformer, songs_1TD: Sequence[Tensor], starts: Sequence[int]) -> list[Tensor]:
    lengths = [song.shape[1] for song in songs_1TD]
    rows = sum(lengths)
    x_1RD = _filled(torch.cat(list(songs_1TD), dim=1))
    places = [torch.arange(length, device=x_1RD.device) for length in lengths]
    positions_R = F.pad(torch.cat(places), (0, x_1RD.shape[1] - rows))
    cos_R1K, sin_R1K = model.rope.turns(positions_R, max(lengths), x_1RD.device)
    turns = list(zip(cos_R1K.split(BLOCK), sin_R1K.split(BLOCK), strict=True))
    for module in model.blocks:
        block = cast(Block, module)
        attention, norm = block.attention, block.attention_norm
        parts = [
            attention.heads_of(attention.qkv(norm(x)), at) for x, at in zip(x_1RD.split(BLOCK, 1), turns, strict=True)
        ]
        each = [torch.cat(kind, dim=1)[:, :rows].split(lengths, dim=1) for kind in zip(*parts, strict=True)]
        y_1RD = _filled(torch.cat([attention.answer(q, k, v) for q, k, v in zip(*each, strict=True)], dim=1))
        pairs = zip(x_1RD.split(BLOCK, 1), y_1RD.split(BLOCK, 1), strict=True)
        x_1RD = torch.cat([block.after(x, attention.out(y)) for x, y in pairs], dim=1)
    hidden = x_1RD[:, :rows].split(lengths, dim=1)
    return [song[:, start:] for song, start in zip(hidden, starts, strict=True)]


def _filled(x_1RD: Tensor) -> Tensor:
    """Rows of zeros up to a whole number of blocks."""
    return F.pad(x_1RD, (0, 0, 0, -x_1RD.shape[1] % BLOCK))
