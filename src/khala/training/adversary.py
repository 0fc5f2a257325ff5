"""Adversarial training in one forward and one backward pass: a generator and the discriminators that judge it.

The losses of both are added up. While the generator is judged the discriminators' weights need no gradient, and what
they learn from is detached, so each learns from its own loss alone and the training loop needs no second step.
Least-squares losses (Mao et al. 2017, arXiv 1611.04076) and feature matching (Larsen et al. 2016, arXiv 1512.09300).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from khala.models.codec.discriminators import Maps


@dataclass(frozen=True)
class AdversarialLosses:
    """`fool`: how far the discriminators are from taking what was made for real. `match`: how far apart their maps of
    the two are, as a share of those of the real. `judge`: what they themselves are to reduce."""

    fool: Tensor
    match: Tensor
    judge: Tensor


def adversarial_losses(discriminators: Sequence[nn.Module], made: Tensor, real: Tensor) -> AdversarialLosses:
    """Return the losses of what a generator `made` and of its discriminators, means over these, beside what is
    `real`, of the same shape."""
    count = len(discriminators)
    fool, match, judge = (made.new_zeros(()) for _ in range(3))
    for discriminator in discriminators:
        real_maps: Maps = discriminator(real)
        with _frozen(discriminator):
            made_maps: Maps = discriminator(made)
        taken: Maps = discriminator(made.detach())
        fool = fool + (1 - made_maps[-1]).square().mean() / count
        judge = judge + ((1 - real_maps[-1]).square().mean() + taken[-1].square().mean()) / count
        pairs = list(zip(made_maps[:-1], real_maps[:-1], strict=True))
        for one, other in pairs:
            other = other.detach()
            match = match + (one - other).abs().mean() / (other.abs().mean() + 1e-6) / len(pairs) / count
    return AdversarialLosses(fool, match, judge)


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    """Let gradients pass through a module, but none reach its weights. What is computed within keeps to that."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    try:
        for weight in weights:
            weight.requires_grad_(False)
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


def adversary_optimizer(module: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Return AdamW for discriminators, or for a generator of samples; its groups keep their full learning rate as
    `rate` for the training loop."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=rate, betas=(0.8, 0.99), weight_decay=0.0)
    for group in optimizer.param_groups:
        group["rate"] = rate
    return optimizer
