"""Which weights learn how: Muon for the matrices of the blocks, AdamW for everything else.

Every group of parameters keeps its full learning rate as `rate`, which the training loop scales.
"""

import re
from collections import defaultdict

import torch
from torch import nn

from khala.models.lm.transformer import Transformer
from khala.nn.conv import ConvNeXtBlock
from khala.training import precision
from khala.training.muon import Muon
from khala.training.recipe import LanguageModelRecipe


def language_model_optimizers(model: Transformer, recipe: LanguageModelRecipe) -> list[torch.optim.Optimizer]:
    """Return Muon and AdamW for a language model, with the learning rates and the number format of the recipe."""
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
        elif weight.dim() == 2 and not name.endswith(("bias", "norm.weight")):  # a bias per level, a gain per head
            matrices[re.sub(r"^blocks\.\d+\.", "", name)].append(weight)  # all blocks' matrices of one kind
        else:
            others[recipe.other_rate].append(weight)
    return _with_rates(
        Muon(
            [{"params": weights, "rows": splits.get(kind)} for kind, weights in matrices.items()],
            recipe.matrix_rate,
            dtype=precision.choose(recipe.precision, model.device),
        ),
        torch.optim.AdamW(
            [{"params": weights, "lr": rate} for rate, weights in others.items()],
            betas=(0.9, 0.95),
            eps=1e-10,
            weight_decay=0.0,
        ),
    )


def convolutional_optimizers(
    model: nn.Module, matrix_rate: float, other_rate: float, weight_decay: float = 0.0
) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices within the ConvNeXt blocks of `model`, and AdamW for the rest."""
    blocks = [block for block in model.modules() if isinstance(block, ConvNeXtBlock)]
    matrices = [[block.up.weight for block in blocks], [block.down.weight for block in blocks]]
    inside = {id(weight) for kind in matrices for weight in kind}
    others = [weight for weight in model.parameters() if id(weight) not in inside]
    return _with_rates(
        Muon([{"params": kind} for kind in matrices], matrix_rate),
        torch.optim.AdamW(others, lr=other_rate, betas=(0.9, 0.98), weight_decay=weight_decay),
    )


def _with_rates(*optimizers: torch.optim.Optimizer) -> list[torch.optim.Optimizer]:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["rate"] = group["lr"]
    return list(optimizers)
