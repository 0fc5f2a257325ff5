"""Convolutional building blocks of the codecs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Snake(nn.Module):
    """x + sin(alpha x)^2 / alpha with one alpha per channel of [B, channels, T] (Ziyin et al. 2020)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x_BCT: Tensor) -> Tensor:
        return x_BCT + torch.sin(self.alpha * x_BCT).square() / (self.alpha + 1e-9)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, then a pointwise MLP, added to the input [B, D, T] (Liu et al. 2022)."""

    def __init__(self, width: int, expansion: int = 3, kernel: int = 7) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, expansion * width)
        self.down = nn.Linear(expansion * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, x_BDT: Tensor) -> Tensor:
        h_BTD = self.norm(self.mix(x_BDT).transpose(1, 2))
        change_BTD: Tensor = self.scale * self.down(nn.functional.gelu(self.up(h_BTD)))
        return x_BDT + change_BTD.transpose(1, 2)


def fold_weight_norm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Replace every pair `X.weight_g`, `X.weight_v` by the `X.weight` that they define.

    The norm runs over all dimensions but the first: a convolution's output channels, a transposed one's input channels.
    """
    folded = {}
    for name, value in state.items():
        if name.endswith(".weight_v"):
            scale = state[name.removesuffix("_v") + "_g"]
            norm = value.flatten(1).norm(dim=1).view(-1, *[1] * (value.dim() - 1))
            folded[name.removesuffix("_v")] = value * (scale / norm)
        elif not name.endswith(".weight_g"):
            folded[name] = value
    return folded
