"""Rotary positions (Su et al., arXiv 2104.09864) in the rotate-half form, over the whole head, in float32."""

import math

import torch
from torch import Tensor

CosSin = tuple[Tensor, Tensor]
"""Cosines and sines for heads at some positions, [T, 1, K] or [B, T, 1, K]; the sines of the first half are negated."""

SCALED_CONTEXT = 8192
"""Positions that models with scaled rotary positions were first trained on, by convention."""


class Rope:
    """Cosines and sines of positions 0, 1, ... for heads of `head_dim`.

    With a `scaling` other than 1, pairs that rotate less than once in 8192 positions are slowed down by that factor,
    those that rotate more than four times are left alone, and those between are blended (the scheme of Llama 3.1).
    The tables grow on demand and live outside of any module: a model cast to half precision keeps them in float32.
    """

    def __init__(self, head_dim: int, base: float, scaling: float = 1.0) -> None:
        self.head_dim = head_dim
        self.base = base
        self.scaling = scaling
        self._tables_2T1K = torch.empty(2, 0, 1, head_dim)

    def cos_sin(self, positions: slice | Tensor, size: int, device: torch.device) -> CosSin:
        """Return cosines and sines of `positions`, all of them below `size`."""
        if self._tables_2T1K.shape[1] < size or self._tables_2T1K.device != device:
            with torch.inference_mode(False):  # training uses the same tables
                self._tables_2T1K = self._build(max(size, 2 * self._tables_2T1K.shape[1])).to(device)
        cos, sin = self._tables_2T1K[:, positions].unbind(0)
        return cos, sin

    def _build(self, size: int) -> Tensor:
        exponent_K = torch.arange(0, self.head_dim, 2, dtype=torch.float64) / self.head_dim
        speed_K = self.base**-exponent_K
        if self.scaling != 1.0:
            kept_K = ((SCALED_CONTEXT * speed_K / (2 * math.pi) - 1) / 3).clamp(0, 1)
            speed_K = speed_K * (kept_K + (1 - kept_K) / self.scaling)
        angle_TK = torch.outer(torch.arange(size, dtype=torch.float64), speed_K)
        cos_TK, sin_TK = angle_TK.cos(), angle_TK.sin()
        both = torch.stack([torch.cat([cos_TK, cos_TK], 1), torch.cat([-sin_TK, sin_TK], 1)])
        return both.unsqueeze(2).float()


def rotate(x_BTHK: Tensor, cos_sin: CosSin) -> Tensor:
    """Rotate heads by their positions, in float32."""
    cos, sin = cos_sin
    x = x_BTHK if x_BTHK.dtype == torch.float32 else x_BTHK.float()
    y = torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin)
    return y if x_BTHK.dtype == torch.float32 else y.type_as(x_BTHK)
