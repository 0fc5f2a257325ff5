"""What the optimizers are handed in each step of training, whatever loop takes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_pre_hook

Step = dict[Tensor, tuple[float, Tensor]]
"""Learning rate and gradient by weight, over all optimizers of a run."""

WARMUP, DECAY = 0.2, 0.5
FACTORS = [0.1, 0.55, 1.0, 1.0, 1.0, 1.0, 0.90642, 0.66142, 0.35858, 0.11358]
"""How much of its full rate every weight learns at in a run of ten steps with that warm-up and decay."""


@contextmanager
def recorded() -> Iterator[list[Step]]:
    """The steps that are taken within the block."""
    steps: list[Step] = []

    def record(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        update = {
            weight: (group["lr"], weight.grad.clone())
            for group in optimizer.param_groups
            for weight in group["params"]
            if weight.grad is not None
        }
        if not steps or update.keys() & steps[-1].keys():
            steps.append({})
        steps[-1].update(update)

    hook = register_optimizer_step_pre_hook(record)
    try:
        yield steps
    finally:
        hook.remove()


def rates(step: Step) -> set[float]:
    return {rate for rate, _ in step.values()}


def norm(step: Step) -> float:
    """Of all gradients together; summed in double, for in float32 the order of a million weights shows."""
    return torch.cat([grad.flatten() for _, grad in step.values()]).double().norm().item()
