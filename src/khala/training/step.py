"""A pass through an objective as a module, which DDP, FSDP2 and `torch.compile` wrap from outside."""

from typing import Any

from torch import Tensor, nn

from khala.training.losses import Losses
from khala.training.objective import Objective


class Step(nn.Module):
    """Micro-batch -> loss. `losses` collects the parts of the losses until it is replaced."""

    def __init__(self, objective: Objective[Any]) -> None:
        super().__init__()
        self.model = objective.model
        self.blocks = objective.blocks
        self.uses_all_weights = objective.uses_all_weights
        self.losses = Losses()
        self._loss = lambda batch, losses, progress: objective.loss(batch, losses, progress)

    def forward(self, batch: Any, progress: float, counts: bool = True) -> Tensor:
        """Return the loss of a micro-batch, or a zero with the same graph for one that does not count."""
        loss: Tensor = self._loss(batch, self.losses if counts else Losses(), progress)
        return loss if counts else 0 * loss
