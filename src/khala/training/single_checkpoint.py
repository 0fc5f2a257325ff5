"""Checkpoints as version 0.1 wrote them, by a single process: `model.safetensors` and `optimizer.safetensors`.

They are read, so that a run that began then goes on; its next checkpoint is one of today's.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.distributed.tensor import DTensor

from khala.music.errors import ModelError
from khala.weights.tensors import load_module


def is_single(folder: Path) -> bool:
    """Whether the checkpoint `folder` is such a one."""
    return (folder / "optimizer.safetensors").exists()


def load(folder: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> None:
    """Bring an unsharded `model` and its `optimizers` to the state of the checkpoint `folder`. Raises ValueError,
    OSError if it does not fit, ModelError for a sharded model."""
    if any(isinstance(weight, DTensor) for weight in model.parameters()):
        raise ModelError(f"{folder} was written by version 0.1: go on with one process, or without sharding, once")
    load_module(folder / "model.safetensors", model)
    tensors = load_file(folder / "optimizer.safetensors")  # "<optimizer>.<weight, counted over its groups>.<what>"
    for number, optimizer in enumerate(optimizers):
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        for name, tensor in tensors.items():
            owner, index, key = name.split(".")
            if int(owner) == number:
                if int(index) >= len(weights) or (tensor.dim() and tensor.shape != weights[int(index)].shape):
                    raise ValueError(f"its optimizer state {name} belongs to another division of the weights")
                weight = weights[int(index)]
                optimizer.state[weight][key] = tensor.to(weight.device) if tensor.dim() else tensor
