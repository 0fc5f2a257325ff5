"""The SwiGLU feed-forward layer (Shazeer, arXiv 2002.05202)."""

import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.linear import Linear


class SwiGLU(nn.Module):
    """`down(silu(gate) * up)`; rows of the fused `gate_up` weight: gate, then up."""

    def __init__(self, dim: int, hidden: int, *, bias: bool) -> None:
        super().__init__()
        self.gate_up = Linear(dim, 2 * hidden, bias=bias)
        self.down = Linear(hidden, dim, bias=bias)

    def forward(self, x_BTD: Tensor) -> Tensor:
        gate, up = self.gate_up(x_BTD).chunk(2, dim=-1)
        y_BTD: Tensor = self.down(F.silu(gate) * up)
        return y_BTD
