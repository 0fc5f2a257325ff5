"""Root-mean-square normalisation (Zhang and Sennrich, arXiv 1910.07467)."""

from functools import cache

import torch
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimension, in float32, returned in the dtype of `x`.

    A learned weight per channel, 1 at first; with a `shape` of several dimensions (heads, K) one per head and channel.
    A vector norm is one kernel over `x`: on a CPU twice as fast as `F.rms_norm`, which squares, averages and so on.
    """

    def __init__(self, *shape: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        x_float = x.float()
        norm = torch.linalg.vector_norm(x_float, dim=-1, keepdim=True)
        square = torch.addcmul(_constant(self.eps, x.device), norm, norm, value=1 / x.shape[-1])
        return (x_float * square.rsqrt()).type_as(x) * self.weight


@cache
def _constant(value: float, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # training uses the same tensor
        return torch.tensor(value, device=device)
