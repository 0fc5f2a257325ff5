"""The training loop of every model: an objective gives it micro-batches and losses, the loop does the rest.

A step is a list of micro-batches whose gradients add up, so a step may be larger than what fits in the cache. Which
they are is a function of the recipe's seed and the position in the data alone: a run that was killed and resumed ends
with the same weights as one that was not, if its budget is counted in steps.
"""

import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from khala.music.errors import KhalaError
from khala.training import checkpoint, precision
from khala.training.checkpoint import State
from khala.training.log import Log, duration
from khala.training.losses import Losses
from khala.training.recipe import LoopRecipe
from khala.training.schedule import Schedule

MAX_FAILED_STEPS = 10
"""Steps in a row with a gradient that is not finite, after which the run ends."""


@dataclass(frozen=True)
class Step:
    """Epoch, number of the step within it, and one specification for each of its micro-batches."""

    epoch: int
    batch: int
    specs: list[Any]


class MicroBatch(Protocol):
    """The tensors of one forward pass."""

    @property
    def predictions(self) -> int:
        """Divisor of the loss: the terms of a loss that is a sum, 1 for one that is a mean."""

    @property
    def positions(self) -> int:
        """Positions that go through the model, for the throughput in the log."""


M = TypeVar("M", bound=MicroBatch)


class Objective(Protocol[M]):
    """A model and its training task."""

    unit: str
    """Name of a position in the log: "tokens", "frames"."""

    @property
    def model(self) -> nn.Module:
        """The module whose parameters are trained, checkpointed and clipped."""

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Fresh optimizers; every group keeps its full learning rate as `rate`."""

    def steps(self, state: State, /) -> Iterator[Step]:
        """Steps from the position of `state` on, without end; the same for the same position."""

    def micro_batch(self, spec: Any, /) -> M:
        """Read the micro-batch of a specification from disk."""

    def loss(self, batch: M, losses: Losses, progress: float, /) -> Tensor:
        """Return the loss of a micro-batch, and add its parts by name to `losses`. `progress` of the run is 0..1."""

    def evaluate(self) -> Iterable[tuple[dict[str, float], dict[str, float]]]:
        """Measure the model on held-out songs: (values, figures) of every line of the log."""

    def save(self, run: Path, /) -> Path:
        """Write the trained weights into the folder of the run and return their path."""


def train(objective: Objective[M], recipe: LoopRecipe, run: Path) -> Path:
    """Train to the end of the recipe's budget and save the weights in `run`; returns their path.

    Resumes from the newest checkpoint in `run`, if there is one. An interrupt or a termination signal ends the run
    after the step at hand, with a checkpoint. Raises KhalaError when the loss stops being finite.
    """
    run.mkdir(parents=True, exist_ok=True)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    model = objective.model
    optims = objective.optimizers()
    found = checkpoint.latest(run)
    state = checkpoint.load(found, model, optims) if found else State()
    log = Log(run, state.step)
    device = next(model.parameters()).device
    dtype = precision.choose(recipe.precision, device)
    size = sum(p.numel() for p in model.parameters())
    log.say(
        f"{run}: {size / 1e6:.2f} M parameters, {str(dtype).removeprefix('torch.')}, {torch.get_num_threads()} threads"
    )
    if found:
        log.say(f"resumed at step {state.step} after {duration(state.elapsed)} of training")
    schedule = Schedule(recipe.warmup, recipe.decay)
    budget = recipe.minutes * 60

    def progress(state: State) -> float:
        return state.step / recipe.steps if recipe.steps else state.elapsed / budget

    def evaluate(state: State) -> None:
        model.eval()
        with torch.no_grad(), precision.autocast(dtype, device):
            for values, figures in objective.evaluate():
                log.write(state.step, "held-out", {**values, "elapsed": state.elapsed}, figures)
        model.train()

    model.train()
    start = time.monotonic() - state.elapsed
    saved = evaluated = state.elapsed
    losses, positions, logged, failures, grad_norm = Losses(), 0, time.monotonic(), 0, 0.0
    with _Stop() as stop:
        steps = objective.steps(state)
        while (done := progress(state)) < 1 and not stop.asked:
            step = next(steps)
            batches = [objective.micro_batch(spec) for spec in step.specs]
            total = sum(batch.predictions for batch in batches)
            factor = schedule(done)
            for batch in batches:
                with precision.autocast(dtype, device):
                    loss = objective.loss(batch, losses, done)
                (loss / total).backward()
                positions += batch.positions
            norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            if torch.isfinite(norm):
                failures, grad_norm = 0, norm.item()
                for optimizer in optims:
                    for group in optimizer.param_groups:
                        group["lr"] = group["rate"] * factor
                    optimizer.step()
            elif (failures := failures + 1) == MAX_FAILED_STEPS:
                first = state.step + 2 - MAX_FAILED_STEPS  # as the log counts
                raise KhalaError(f"the loss is not finite since step {first}; lower the recipe's learning rates")
            model.zero_grad(set_to_none=True)
            state = State(state.step + 1, time.monotonic() - start, step.epoch, step.batch + 1)
            if state.step % recipe.log_steps == 0:
                now = time.monotonic()
                left = state.elapsed / max(progress(state), 1e-9) - state.elapsed
                values = {
                    f"{objective.unit}/s": positions / (now - logged),
                    "eta": max(left, 0.0),
                    "rate": factor,
                    "grad": grad_norm,
                }
                log.write(state.step, "train", {**values, "elapsed": state.elapsed, "epoch": step.epoch}, losses.mean())
                losses, positions, logged = Losses(), 0, now
            if state.elapsed - evaluated >= recipe.eval_minutes * 60:
                evaluate(state)
                evaluated = state.elapsed
            if state.elapsed - saved >= recipe.checkpoint_minutes * 60:
                checkpoint.save(run, state, model, optims)
                saved = state.elapsed
    checkpoint.save(run, state, model, optims)
    if stop.asked and progress(state) < 1:
        raise KeyboardInterrupt
    evaluate(state)
    return objective.save(run)


class _Stop:
    """Turns an interrupt or a termination signal into a request that is met between two steps."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "_Stop":
        self.before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
