"""Rotary positions (Su et al., arXiv 2104.09864) in the rotate-half form, over the whole head, in float32."""

import torch
from torch import Tensor


class Rope:
    """Cosines and sines of positions 0, 1, ... for heads of `head_dim`.

    The tables grow on demand and live outside of any module: a model cast to half precision keeps them in float32.
    """

    def __init__(self, head_dim: int, base: float) -> None:
        self.head_dim = head_dim
        self.base = base
        self._tables_2TK = torch.empty(2, 0, head_dim)

    def tables(self, length: int, device: torch.device) -> Tensor:
        """Cosines and signed sines [2, >= length, K]; the sines of the first half are negated."""
        if self._tables_2TK.shape[1] < length or self._tables_2TK.device != device:
            half = torch.arange(0, self.head_dim, 2, dtype=torch.float64) / self.head_dim
            size = max(length, 2 * self._tables_2TK.shape[1])
            angle_TK = torch.outer(torch.arange(size, dtype=torch.float64), self.base**-half)
            cos_TK, sin_TK = angle_TK.cos(), angle_TK.sin()
            tables = torch.stack([torch.cat([cos_TK, cos_TK], 1), torch.cat([-sin_TK, sin_TK], 1)])
            self._tables_2TK = tables.to(device, torch.float32)
        return self._tables_2TK


def rotate(x_BTHK: Tensor, cos_sin: Tensor) -> Tensor:
    """Rotates heads by the tables of their positions, [2, T, K] or [2, B, T, K], in float32."""
    cos, sin = cos_sin.unsqueeze(-2).unbind(0)
    x = x_BTHK.float()
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin).type_as(x_BTHK)
