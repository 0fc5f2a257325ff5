"""Muon for the hidden matrices, AdamW for everything else.

Muon orthogonalises the momentum of a matrix before it steps along it (Jordan et al., 2024). `torch.optim.Muon` works
in bfloat16, which processors without such arithmetic run fifty times slower than float32; here the iteration runs in
the weights' own format, and matrices of one shape go through it together.
"""

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from khala.models.lm.transformer import Transformer

if TYPE_CHECKING:  # the recipe holds the codec's, and the codec's training needs Muon
    from khala.training.recipe import LoopRecipe

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""The quintic of the Newton-Schulz step: drives singular values into about 0.7..1.2 in five steps."""


def optimizers(model: Transformer, recipe: "LoopRecipe") -> list[torch.optim.Optimizer]:
    """The two optimizers of a language model. A group keeps its full learning rate as `rate`, which the loop scales."""
    config = model.config
    splits = {
        "attention.qkv.weight": [size * config.head_dim for size in (config.heads, config.kv_heads, config.kv_heads)],
        "mlp.gate_up.weight": [config.ffn, config.ffn],
    }
    matrices: dict[str, list[nn.Parameter]] = defaultdict(list)
    others: dict[float, list[nn.Parameter]] = defaultdict(list)
    for name, weight in model.named_parameters():
        if name in ("embedding.weight", "conditions.weight"):
            others[recipe.embedding_rate].append(weight)
        elif name == "head.weight":
            others[recipe.head_rate].append(weight)
        elif weight.dim() == 2 and not name.endswith("bias"):
            matrices[re.sub(r"^blocks\.\d+\.", "", name)].append(weight)  # all blocks' matrices of one kind
        else:
            others[recipe.other_rate].append(weight)
    muon = Muon(
        [{"params": weights, "rows": splits.get(kind)} for kind, weights in matrices.items()], recipe.matrix_rate
    )
    adam = torch.optim.AdamW(
        [{"params": weights, "lr": rate} for rate, weights in others.items()],
        betas=(0.9, 0.95),
        eps=1e-10,
        weight_decay=0.0,
    )
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["rate"] = group["lr"]
    return [muon, adam]


class Muon(torch.optim.Optimizer):
    """`lr` is the step's size in units of an orthogonal matrix, times sqrt(rows / columns) where rows are more.

    All matrices of a group have one shape. `rows`, where given, says how many rows belong to each of the matrices that
    a fused weight consists of; they are orthogonalised apart.
    """

    def __init__(self, groups: list[dict[str, Any]], lr: float = 0.02, momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "rows": None})

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
                parts.append(orthogonalise(part_PMN) * max(1.0, rows / columns) ** 0.5)
            for param, update in zip(params, torch.cat(parts, dim=1), strict=True):
                param.add_(update, alpha=-group["lr"])


def orthogonalise(matrices_PMN: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearly orthogonal matrix next to each of a stack [P, M, N], by Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    tall = matrices_PMN.shape[1] > matrices_PMN.shape[2]
    x_PMN = matrices_PMN.mT if tall else matrices_PMN
    x_PMN = x_PMN / (x_PMN.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram_PMM = x_PMN @ x_PMN.mT
        x_PMN = torch.baddbmm(x_PMN, torch.baddbmm(gram_PMM, gram_PMM, gram_PMM, beta=b, alpha=c), x_PMN, beta=a)
    return x_PMN.mT if tall else x_PMN
