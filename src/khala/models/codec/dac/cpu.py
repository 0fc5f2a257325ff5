"""The published decoder on a CPU: the same function in fewer operations and fewer passes over memory.

The first change of rate, where rows are few and very wide, runs as a module. The rest runs on rows [T, D]: the second
change on all of them at once; after it, where rows are many, a block of them at a time goes through all later stages,
several blocks on threads of their own. Residual units work tile by tile, so that little leaves the cache.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from khala.nn.conv import Snake
from khala.nn.karatsuba import RowConvolution, RowUpsampling
from khala.nn.threads import spread

MODULE_STAGES, UNBLOCKED_STAGES = 1, 2
"""The first stages run as modules, and the first ones on all rows at once."""
BLOCK_ROWS = 512
"""Rows that go through the other stages together: 8 frames."""
TILE_ROWS = 1008
"""Rows of a residual unit at a time: whole blocks of the convolutions at every dilation."""
EDGE_ROWS = 128
"""Zeros before and after the rows of a residual unit: more than its convolutions reach."""


def decode_rows(decoder: nn.Sequential, latent_DT: Tensor, halo: int) -> Tensor:
    """Decode a latent [D, T] -> samples [C, N], like `decoder`.

    `halo` is the receptive field of the blocks on either side, in rows.
    """
    layers: list[Any] = list(decoder)
    stages = layers[1 + MODULE_STAGES : -2]
    early = [layers[0], *(layer for stage in layers[1 : 1 + MODULE_STAGES] for layer in stage.block)]
    x_1DT = latent_DT[None]
    for layer in early:
        x_1DT = _float(layer)(x_1DT)
    x_TD = x_1DT[0].t().contiguous()
    for stage in stages[: UNBLOCKED_STAGES - MODULE_STAGES]:
        x_TD = _RateChangeRows(*_float(stage).block)(x_TD)
    late = [_RateChangeRows(*_float(stage).block) for stage in stages[UNBLOCKED_STAGES - MODULE_STAGES :]]
    snake, last = map(_float, layers[-2:])

    def block(start: int) -> Tensor:
        stop = min(start + BLOCK_ROWS, len(x_TD))
        left, right = max(start - halo, 0), min(stop + halo, len(x_TD))
        y_TD = x_TD[left:right]
        for stage in late:
            y_TD = stage(y_TD)
        piece_CN: Tensor = last(snake(y_TD.t().contiguous()[None]))[0]
        rate = piece_CN.shape[1] // (right - left)
        return piece_CN[:, (start - left) * rate : (stop - left) * rate]

    return torch.cat(spread(block, range(0, len(x_TD), BLOCK_ROWS)), dim=1)


def _float(layer: Any) -> Any:
    """Return a layer whose weights are float32: a copy, if they are narrower."""
    return layer if next(layer.parameters()).dtype == torch.float32 else deepcopy(layer).float()


class _RateChangeRows:
    """`RateChange` of the decoder on rows, [T, D] -> [rate T, D / 2]."""

    def __init__(self, snake: Snake, up: nn.ConvTranspose1d, *residuals: Any) -> None:
        self.snake, self.up = _SnakeRows(snake), RowUpsampling(up)
        self.residuals = [_ResidualUnitRows(*residual.block) for residual in residuals]

    def __call__(self, x_TD: Tensor) -> Tensor:
        rows = self.up.rate * len(x_TD)
        y_TD = _edged(x_TD, rows, self.up.width)
        self.up(self.snake(x_TD), out=y_TD[EDGE_ROWS:-EDGE_ROWS])
        for residual in self.residuals:
            y_TD = residual(y_TD)
        return y_TD[EDGE_ROWS:-EDGE_ROWS]


class _ResidualUnitRows:
    """`ResidualUnit` on rows between edges."""

    def __init__(self, snake1: Snake, conv1: nn.Conv1d, snake2: Snake, conv2: nn.Conv1d) -> None:
        self.snake1, self.conv1, self.snake2 = _SnakeRows(snake1), RowConvolution(conv1), _SnakeRows(snake2)
        assert conv2.bias is not None
        self.matrix, self.bias = conv2.weight[:, :, 0].t(), conv2.bias

    def __call__(self, x_TD: Tensor) -> Tensor:
        rows = len(x_TD) - 2 * EDGE_ROWS
        result_TD = _edged(x_TD, rows, x_TD.shape[1])
        for start in range(0, rows, TILE_ROWS):
            count = min(TILE_ROWS, rows - start)
            first = EDGE_ROWS + start - self.conv1.reach // 2
            input_TD = self.snake1(x_TD[first : first + self.conv1.input_rows(count)])
            change_TD = self.snake2(self.conv1(input_TD, count))
            tile = slice(EDGE_ROWS + start, EDGE_ROWS + start + count)
            torch.add(x_TD[tile], self.bias, out=result_TD[tile]).addmm_(change_TD, self.matrix)
        return result_TD


class _SnakeRows:
    """`Snake` on rows."""

    def __init__(self, snake: Snake) -> None:
        self.alpha = snake.alpha.view(-1)
        self.scale = 1 / (self.alpha + 1e-9)

    def __call__(self, x_TD: Tensor) -> Tensor:
        y_TD = (x_TD * self.alpha).sin_().square_()
        return torch.addcmul(x_TD, y_TD, self.scale, out=y_TD)


def _edged(like: Tensor, rows: int, width: int) -> Tensor:
    """Allocate rows between edges of zeros, [rows + 2 EDGE_ROWS, width]."""
    x_TD = like.new_empty(rows + 2 * EDGE_ROWS, width)
    x_TD[:EDGE_ROWS] = 0
    x_TD[-EDGE_ROWS:] = 0
    return x_TD
