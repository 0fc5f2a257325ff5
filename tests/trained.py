"""A tiny backbone after some steps of its optimizers, for tests of checkpoints."""

import torch

from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import BackboneRecipe


def trained(steps: int) -> tuple[Backbone, list[torch.optim.Optimizer]]:
    torch.manual_seed(0)
    model = Backbone(tiny().backbone)
    optims = language_model_optimizers(model, BackboneRecipe())
    go_on(model, optims, steps)
    return model, optims


def go_on(model: Backbone, optims: list[torch.optim.Optimizer], steps: int) -> None:
    torch.manual_seed(1)
    for _ in range(steps):
        model.zero_grad()
        sum((weight * torch.randn_like(weight)).sum() for weight in model.parameters()).backward()
        for optimizer in optims:
            optimizer.step()
