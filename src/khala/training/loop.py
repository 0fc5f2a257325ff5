"""The one loop that trains the language models. It knows nothing of music: an objective gives it pieces and losses.

A step is a list of pieces; their gradients add up, so a step may be larger than what fits in the cache. Which pieces
come is a function of the recipe's seed and the position in the data alone, so a run that was killed and resumed ends
with the same weights as one that was not, if its budget is counted in steps.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest, KhalaError
from khala.training import checkpoint, precision
from khala.training.checkpoint import State
from khala.training.log import Log, duration
from khala.training.optimizer import optimizers
from khala.training.recipe import LoopRecipe
from khala.training.schedule import Schedule
from khala.weights.tensors import save_module

PATIENCE = 10
"""So many steps in a row with a gradient that is not finite end the run."""


@dataclass
class Losses:
    """Sums of nats and numbers of predictions by name; `mean` of each is what is reported."""

    sums: dict[str, float]
    counts: dict[str, int]

    def add(self, name: str, losses_N: Tensor) -> None:
        """Detached: reading them waits for the device once per piece."""
        if losses_N.numel():
            self.sums[name] = self.sums.get(name, 0.0) + losses_N.detach().sum().item()
            self.counts[name] = self.counts.get(name, 0) + losses_N.numel()

    def mean(self) -> dict[str, float]:
        return {name: self.sums[name] / self.counts[name] for name in sorted(self.sums)}


class Piece(Protocol):
    """Some songs as tensors: what one forward pass takes."""

    @property
    def predictions(self) -> int:
        """Terms of the loss."""

    @property
    def positions(self) -> int:
        """Positions that go through the model: what is counted as tokens a second."""


P = TypeVar("P", bound=Piece)


class Objective(Protocol[P]):
    """A model and what it shall learn."""

    @property
    def model(self) -> Transformer:
        """What is trained."""

    def epoch(self, number: int, /) -> list[list[Any]]:
        """All steps of one pass over the data, each a list of plans for pieces; the same for the same number."""

    def piece(self, plan: Any, /) -> P:
        """Read from disk what a plan names."""

    def loss(self, piece: P, losses: Losses, /) -> Tensor:
        """Sum of nats over the piece's predictions; adds them by name to `losses`."""

    def held_out(self) -> list[P]:
        """Pieces of songs never trained on, always the same."""


def train(objective: Objective[P], recipe: LoopRecipe, run: Path, log: Log | None = None) -> Path:
    """Train to the end of the recipe's budget and write `run/model.safetensors`; returns that path.

    Resumes from the newest checkpoint in `run`, if there is one. An interrupt or a termination signal ends the run
    after the step at hand, with a checkpoint. Raises KhalaError when the loss stops being finite.
    """
    run.mkdir(parents=True, exist_ok=True)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    model = objective.model
    torch.manual_seed(recipe.seed)
    optims = optimizers(model, recipe)
    found = checkpoint.latest(run)
    state = checkpoint.load(found, model, optims) if found else State()
    log = log or Log(run, state.step)
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
        losses = Losses({}, {})
        with torch.no_grad(), precision.autocast(dtype, device):
            for piece in objective.held_out():
                objective.loss(piece, losses)
        log.write(state.step, "held-out", {"elapsed": state.elapsed}, losses.mean())
        model.train()

    model.train()
    start = time.monotonic() - state.elapsed
    saved = evaluated = state.elapsed
    losses, positions, logged, failures, grad_norm = Losses({}, {}), 0, time.monotonic(), 0, 0.0
    with _Stop() as stop:
        steps = _steps(objective, state)
        while progress(state) < 1 and not stop.asked:
            epoch, batch, plans = next(steps)
            pieces = [objective.piece(plan) for plan in plans]
            total = sum(piece.predictions for piece in pieces)
            factor = schedule(progress(state))
            for piece in pieces:
                with precision.autocast(dtype, device):
                    nats = objective.loss(piece, losses)
                (nats / total).backward()
                positions += piece.positions
            norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            if torch.isfinite(norm):
                failures, grad_norm = 0, norm.item()
                for optimizer in optims:
                    for group in optimizer.param_groups:
                        group["lr"] = group["rate"] * factor
                    optimizer.step()
            elif (failures := failures + 1) == PATIENCE:
                raise KhalaError(f"the loss is not finite since step {state.step - PATIENCE}; lower the recipe's rates")
            model.zero_grad(set_to_none=True)
            state = State(state.step + 1, time.monotonic() - start, epoch, batch + 1)
            if state.step % recipe.log_steps == 0:
                now = time.monotonic()
                left = state.elapsed / max(progress(state), 1e-9) - state.elapsed
                values = {
                    "tokens/s": positions / (now - logged),
                    "eta": max(left, 0.0),
                    "rate": factor,
                    "grad": grad_norm,
                }
                log.write(state.step, "train", {**values, "elapsed": state.elapsed, "epoch": epoch}, losses.mean())
                losses, positions, logged = Losses({}, {}), 0, now
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
    draft = run / "model.safetensors.part"
    save_module(draft, model, torch.float32)
    return draft.rename(run / "model.safetensors")


def _steps(objective: Objective[P], state: State) -> Iterator[tuple[int, int, list[Any]]]:
    """(epoch, number in the epoch, plans) from the state's position on, without end."""
    epoch, batch = state.epoch, state.batch
    while True:
        steps = objective.epoch(epoch)
        if not steps:
            raise InvalidRequest("nothing to train on: the token shards hold no song outside the held-out ones")
        for number in range(batch, len(steps)):
            yield epoch, number, steps[number]
        epoch, batch = epoch + 1, 0


class _Stop:
    """Turns an interrupt or a termination signal into a wish that is granted between two steps."""

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
