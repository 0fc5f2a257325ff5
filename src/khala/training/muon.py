"""Muon: momentum that is orthogonalised before every step along it (Jordan et al., 2024).

`torch.optim.Muon` works in bfloat16, which processors without such arithmetic run fifty times slower than float32; here
the iteration runs in a format of the caller's choice, and matrices of one shape go through it together. Of sharded
matrices each rank puts some together, orthogonalises these, and hands out the rows (Liu et al., arXiv 2502.16982).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.distributed.tensor import DTensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""The quintic of the Newton-Schulz step: drives singular values into about 0.7..1.2 in five steps."""


class Muon(torch.optim.Optimizer):
    """Steps of size `lr` along an orthogonal matrix, times sqrt(rows / columns) where rows are more.

    All matrices of a group have one shape. `rows` of a group lists the rows of each of the matrices that a fused weight
    consists of; they are orthogonalised apart, in `dtype`.
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        lr: float = 0.02,
        momentum: float = 0.95,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "rows": None})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            params = [param for param in group["params"] if param.grad is not None]
            if not params:
                continue
            for param in params:
                if "momentum" not in self.state[param]:
                    self.state[param]["momentum"] = torch.zeros_like(param)
                _own(self.state[param]["momentum"]).lerp_(_own(param.grad), 1 - group["momentum"])
            ahead_PMN = torch.stack(
                [_own(param.grad).lerp(_own(self.state[param]["momentum"]), group["momentum"]) for param in params]
            )
            steps = _over_whole_matrices(params[0], ahead_PMN.to(self.dtype), partial(_direction, rows=group["rows"]))
            for param, step in zip(params, steps, strict=True):
                _own(param).add_(step, alpha=-group["lr"])


def _direction(ahead_PMN: Tensor, rows: list[int] | None) -> Tensor:
    """The step of length 1 along each matrix of a stack, of each of its `rows` apart."""
    parts = []
    for part_PMN in ahead_PMN.split(rows or ahead_PMN.shape[1], dim=1):
        _, height, width = part_PMN.shape
        parts.append(orthogonalise(part_PMN).float() * max(1.0, height / width) ** 0.5)
    return torch.cat(parts, dim=1)


def _own(weight: Tensor) -> Tensor:
    """The rows of a sharded weight that this rank holds; all of another one."""
    return weight.to_local() if isinstance(weight, DTensor) else weight


def _over_whole_matrices(weight: Tensor, own_PRN: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply `function` to a stack of matrices that are all sharded by rows as `weight` is, R rows on this rank."""
    if not isinstance(weight, DTensor):
        return function(own_PRN)
    world, group = weight.device_mesh.size(), weight.device_mesh.get_group()
    count, own, columns = own_PRN.shape
    each, rows = -(-count // world), -(-weight.shape[0] // world)  # matrices and rows of a rank, the last one's padded

    def exchange(stack: Tensor) -> Tensor:
        received = torch.empty_like(stack)
        dist.all_to_all_single(received, stack.contiguous(), group=group)
        return received

    padded = F.pad(own_PRN, (0, 0, 0, rows - own, 0, each * world - count))
    received = exchange(padded).view(world, each, rows, columns)
    whole = function(received.transpose(0, 1).reshape(each, world * rows, columns)[:, : weight.shape[0]])
    whole = F.pad(whole, (0, 0, 0, world * rows - weight.shape[0])).view(each, world, rows, columns)
    return exchange(whole.transpose(0, 1).reshape(world * each, rows, columns))[:count, :own]


def orthogonalise(matrices_PMN: Tensor, steps: int = 5) -> Tensor:
    """Return the nearly orthogonal matrix next to each of a stack [P, M, N], by Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    tall = matrices_PMN.shape[1] > matrices_PMN.shape[2]
    x_PMN = matrices_PMN.mT if tall else matrices_PMN
    x_PMN = x_PMN / (x_PMN.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram_PMM = x_PMN @ x_PMN.mT
        x_PMN = torch.baddbmm(x_PMN, torch.baddbmm(gram_PMM, gram_PMM, gram_PMM, beta=b, alpha=c), x_PMN, beta=a)
    return x_PMN.mT if tall else x_PMN
