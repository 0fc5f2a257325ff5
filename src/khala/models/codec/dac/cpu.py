"""The published decoder on a CPU: the same function in fewer operations and fewer passes over memory.

The first change of rate, where rows are few and very wide, runs as it is. From there on everything is rows [T, D]:
first all of them; after the second change, where they are many, a block goes through all later stages, several on
threads of their own. Residual units work tile by tile, so that little leaves the cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from khala.nn.conv import Snake
from khala.nn.karatsuba import RowConvolution, RowUpsampling
from khala.nn.threads import spread

PLAIN, WHOLE = 1, 2  # stages that run as they are; that run on all rows at once
BLOCK = 512  # rows that go through the other stages together: 8 frames
TILE = 1008  # rows of a residual unit worked on at a time: whole blocks of the convolutions at every dilation
EDGE = 128  # zeros before and after the rows of a residual unit: more than its convolutions ask for


def decode_rows(decoder: nn.Sequential, latent_DT: Tensor, halo: int) -> Tensor:
    """Latent [D, T] -> samples [C, N], like ``decoder``. ``halo`` is how many rows before and after a row its samples
    depend on, where blocks begin."""
    layers: list[Any] = list(decoder)
    first, *stages, snake, last = layers
    x_1DT = latent_DT[None]
    for layer in (first, *stages[:PLAIN]):
        x_1DT = layer(x_1DT)
    x_TD = x_1DT[0].t().contiguous()
    for wide in stages[PLAIN:WHOLE]:
        x_TD = _Stage(*wide.block)(x_TD)
    late = [_Stage(*stage.block) for stage in stages[WHOLE:]]

    def block(start: int) -> Tensor:
        stop = min(start + BLOCK, len(x_TD))
        left, right = max(start - halo, 0), min(stop + halo, len(x_TD))
        y_TD = x_TD[left:right]
        for stage in late:
            y_TD = stage(y_TD)
        piece_CN: Tensor = last(snake(y_TD.t().contiguous()[None]))[0]
        rate = piece_CN.shape[1] // (right - left)
        return piece_CN[:, (start - left) * rate : (stop - left) * rate]

    return torch.cat(spread(block, range(0, len(x_TD), BLOCK)), dim=1)


class _Stage:
    """A change of rate: rows [T, D] -> [rate T, D / 2]."""

    def __init__(self, snake: Snake, up: nn.ConvTranspose1d, *residuals: Any) -> None:
        self.snake, self.up = _RowSnake(snake), RowUpsampling(up)
        self.residuals = [_Residual(*residual.block) for residual in residuals]

    def __call__(self, x_TD: Tensor) -> Tensor:
        rows = self.up.rate * len(x_TD)
        y_TD = _edged(x_TD, rows, self.up.width)
        self.up(self.snake(x_TD), out=y_TD[EDGE:-EDGE])
        for residual in self.residuals:
            y_TD = residual(y_TD)
        return y_TD[EDGE:-EDGE]


class _Residual:
    """x + conv(snake(conv(snake(x)))) of rows between edges."""

    def __init__(self, snake1: Snake, conv1: nn.Conv1d, snake2: Snake, conv2: nn.Conv1d) -> None:
        self.snake1, self.conv1, self.snake2 = _RowSnake(snake1), RowConvolution(conv1), _RowSnake(snake2)
        assert conv2.bias is not None
        self.matrix, self.bias = conv2.weight[:, :, 0].t(), conv2.bias

    def __call__(self, x_TD: Tensor) -> Tensor:
        rows = len(x_TD) - 2 * EDGE
        result_TD = _edged(x_TD, rows, x_TD.shape[1])
        for start in range(0, rows, TILE):
            count = min(TILE, rows - start)
            first = EDGE + start - self.conv1.reach // 2
            heard_TD = self.snake1(x_TD[first : first + self.conv1.need(count)])
            change_TD = self.snake2(self.conv1(heard_TD, count))
            tile = slice(EDGE + start, EDGE + start + count)
            torch.add(x_TD[tile], self.bias, out=result_TD[tile]).addmm_(change_TD, self.matrix)
        return result_TD


class _RowSnake:
    """``Snake`` for rows."""

    def __init__(self, snake: Snake) -> None:
        self.alpha = snake.alpha.view(-1)
        self.scale = 1 / (self.alpha + 1e-9)

    def __call__(self, x_TD: Tensor) -> Tensor:
        y_TD = (x_TD * self.alpha).sin_().square_()
        return torch.addcmul(x_TD, y_TD, self.scale, out=y_TD)


def _edged(like: Tensor, rows: int, width: int) -> Tensor:
    """Room for rows between edges of zeros."""
    x_TD = like.new_empty(rows + 2 * EDGE, width)
    x_TD[:EDGE] = 0
    x_TD[-EDGE:] = 0
    return x_TD
