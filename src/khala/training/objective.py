"""What the training loop asks of a model's training."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from khala.training.checkpoint import State
from khala.training.loader import StepPlan
from khala.training.losses import Losses
from khala.training.ranks import Ranks

Measure = Callable[[Sequence[Any]], dict[str, float]]
"""Mean losses by name over micro-batches, divided over the ranks."""


class MicroBatch(Protocol):
    """The tensors of one forward pass."""

    @property
    def predictions(self) -> int:
        """Divisor of the loss: the terms of a loss that is a sum, 1 for one that is a mean."""

    @property
    def positions(self) -> int:
        """Positions that go through the model, for the throughput in the log and a budget of tokens."""


M = TypeVar("M", bound=MicroBatch)


class Objective(ABC, Generic[M]):
    """A model and its training task."""

    unit: str
    """Name of a position in the log: "tokens", "frames"."""
    model: nn.Module
    """The module whose parameters are trained, checkpointed and clipped."""
    uses_all_weights: bool = True
    """Whether every pass gives every weight a gradient."""

    @property
    def finished(self) -> bool:
        """Whether it has learned what it can: the run ends before its budget is used up."""
        return False

    @property
    def blocks(self) -> list[nn.Module]:
        """The parts of the model that are sharded, compiled and recomputed one at a time; none if it has no such."""
        return []

    @abstractmethod
    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Fresh optimizers; every group keeps its full learning rate as `rate`."""

    @abstractmethod
    def steps(self, state: State) -> Iterator[StepPlan]:
        """Steps from the position of `state` on, without end; the same for the same position."""

    @abstractmethod
    def micro_batch(self, spec: Any) -> M:
        """Read the micro-batch of a specification from disk. Threads call it."""

    @abstractmethod
    def loss(self, batch: M, losses: Losses, progress: float = 1.0) -> Tensor:
        """Return the loss of a micro-batch, and add its parts by name to `losses`. `progress` of the run is 0..1."""

    def after_step(self, batches: Sequence[M], ranks: Ranks) -> None:
        """Do what gradients do not: `batches` are this rank's micro-batches that counted, after their losses."""

    @abstractmethod
    def evaluate(self, measure: Measure) -> Iterable[tuple[dict[str, float], dict[str, float]]]:
        """Measure the model on held-out songs: (values, figures) of every line of the log. All ranks do."""

    @abstractmethod
    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write the trained weights into the folder of the run and return their path."""

    def sample(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Write what the model makes with these weights into `folder`; nothing, if it makes nothing to be heard."""

    def flops(self, batch: M) -> float:
        """Return the floating-point operations of a forward and a backward pass; 0: they are not counted."""
        return 0.0
