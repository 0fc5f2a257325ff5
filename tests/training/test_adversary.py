"""Adversarial losses: who learns from what."""

import torch
from torch import nn

from khala.models.codec.discriminators import SampleDiscriminators
from khala.training.adversary import adversarial_losses, adversary_optimizer


class Threshold(nn.Module):
    """Takes for real what is near its level."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(level))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [x * self.level, x * self.level]


def test_each_learns_from_its_own_loss_alone() -> None:
    torch.manual_seed(0)
    made, real = torch.full((2, 1, 8), 0.5, requires_grad=True), torch.ones(2, 1, 8)
    judge = Threshold(0.8)
    losses = adversarial_losses([judge], made, real)
    (losses.fool + losses.match).backward(retain_graph=True)
    assert judge.level.grad is None and made.grad is not None and made.grad.abs().sum() > 0
    made.grad = None
    losses.judge.backward()
    assert judge.level.grad is not None and made.grad is None


def test_losses_are_those_of_least_squares_and_of_maps() -> None:
    made, real = torch.full((2, 1, 8), 0.5), torch.ones(2, 1, 8)
    losses = adversarial_losses([Threshold(1.0), Threshold(0.0)], made, real)
    assert torch.isclose(losses.fool, torch.tensor((0.25 + 1.0) / 2))
    assert torch.isclose(losses.judge, torch.tensor((0.25 + 1.0) / 2))
    assert torch.isclose(losses.match, torch.tensor(0.5 / 2), atol=1e-4)


def test_discriminators_learn_to_tell_noise_from_tones_whatever_the_length() -> None:
    torch.manual_seed(0)
    discriminators = SampleDiscriminators(2, share=0.05)
    optimizer = adversary_optimizer(discriminators, 3e-3)
    assert optimizer.param_groups[0]["rate"] == 3e-3
    time = torch.arange(2205) / 44100
    found = []
    for _ in range(25):
        tone = torch.sin(2 * torch.pi * (300 + 900 * torch.rand(2, 2, 1)) * time)
        loss = adversarial_losses(list(discriminators), 0.7 * torch.randn_like(tone), tone).judge
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert sum(found[-5:]) < 0.4 * sum(found[:5])
    adversarial_losses(list(discriminators), torch.randn(1, 2, 2048 + 511), torch.randn(1, 2, 2048 + 511))
