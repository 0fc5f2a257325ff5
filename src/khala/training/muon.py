"""Muon: momentum that is orthogonalised before every step along it (Jordan et al., 2024).

`torch.optim.Muon` works in bfloat16, which processors without such arithmetic run fifty times slower than float32; here
the iteration runs in a format of the caller's choice, and matrices of one shape go through it together.
"""

from typing import Any

import torch

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
                self.state[param]["momentum"].lerp_(param.grad, 1 - group["momentum"])
            ahead_PMN = torch.stack(
                [param.grad.lerp(self.state[param]["momentum"], group["momentum"]) for param in params]
            )
            parts = []
            for part_PMN in ahead_PMN.split(group["rows"] or ahead_PMN.shape[1], dim=1):
                _, rows, columns = part_PMN.shape
                parts.append(
                    orthogonalise(part_PMN.to(self.dtype)).to(part_PMN.dtype) * max(1.0, rows / columns) ** 0.5
                )
            for param, update in zip(params, torch.cat(parts, dim=1), strict=True):
                param.add_(update, alpha=-group["lr"])


def orthogonalise(matrices_PMN: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Return the nearly orthogonal matrix next to each of a stack [P, M, N], by Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    tall = matrices_PMN.shape[1] > matrices_PMN.shape[2]
    x_PMN = matrices_PMN.mT if tall else matrices_PMN
    x_PMN = x_PMN / (x_PMN.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram_PMM = x_PMN @ x_PMN.mT
        x_PMN = torch.baddbmm(x_PMN, torch.baddbmm(gram_PMM, gram_PMM, gram_PMM, beta=b, alpha=c), x_PMN, beta=a)
    return x_PMN.mT if tall else x_PMN
