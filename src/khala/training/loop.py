"""The training loop of every model: an objective gives it micro-batches and losses, the loop does the rest.

A step is a list of micro-batches whose gradients add up, so a step may be larger than what fits in the cache. Which
they are is a function of the recipe's seed and the position in the data alone. So a run that was killed and resumed
ends with the same weights as one that was not, if its budget is not counted in minutes; and several ranks, which
divide the micro-batches of every step, end with those of a single process, up to rounding.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Generic

import torch

from khala.music.errors import InvalidRequest, KhalaError
from khala.training import precision
from khala.training.checkpoint import Checkpoints, State
from khala.training.loader import loaded
from khala.training.log import Log, Silence, duration
from khala.training.loop_recipe import LoopRecipe
from khala.training.losses import Losses, means
from khala.training.objective import M, Objective
from khala.training.parallel import accumulating, clip_gradients, parallelize, whole_tensors
from khala.training.ranks import Ranks
from khala.training.schedule import Schedule
from khala.training.step import Step
from khala.training.stop import Stop
from khala.training.throughput import Meter

MAX_FAILED_STEPS = 10
"""Steps in a row with a gradient that is not finite, after which the run ends."""


def train(objective: Objective[M], recipe: LoopRecipe, run: Path, ranks: Ranks | None = None) -> Path:
    """Train to the end of the recipe's budget and save the weights in `run`; returns their path.

    Resumes from the newest checkpoint in `run`, if there is one. An interrupt or a termination signal ends the run
    after the step at hand, with a checkpoint. Raises KhalaError when the loss stops being finite, InvalidRequest for a
    recipe that these ranks cannot train.
    """
    ranks = ranks or Ranks()
    if ranks.world > 1 and not (recipe.steps or recipe.tokens):
        raise InvalidRequest("minutes are a budget for a single process; set steps or tokens in the recipe")
    run.mkdir(parents=True, exist_ok=True)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    training = _Training(objective, recipe, run, ranks)
    state = training.state
    start = time.monotonic() - state.elapsed
    saved = evaluated = state.elapsed
    steps = loaded(objective.steps(state), objective.micro_batch, ranks, recipe.loader_threads)
    with Stop() as stop, closing(steps):
        stopped = 0.0
        if recipe.eval_steps and not state.step:
            training.evaluate()
        while training.progress < 1 and not stopped and not objective.finished:
            plan, batches = next(steps)
            positions = training.take(batches)
            elapsed, stopped = ranks.sums(ranks.main * (time.monotonic() - start), stop.asked)
            state = State(state.step + 1, elapsed, plan.epoch, plan.batch + 1, state.positions + positions)
            training.state = state
            if state.step % recipe.log_steps == 0:
                training.report()
            due = not recipe.eval_steps and state.elapsed - evaluated >= recipe.eval_minutes * 60
            if due or (recipe.eval_steps and state.step % recipe.eval_steps == 0):
                training.evaluate()
                evaluated = state.elapsed
            if recipe.sample_steps and state.step % recipe.sample_steps == 0:
                training.sample()
            if state.elapsed - saved >= recipe.checkpoint_minutes * 60:
                training.checkpoints.save(state)
                saved = state.elapsed
            training.checkpoints.settle()
    training.checkpoints.save(state)
    training.checkpoints.finish()
    if stopped and training.progress < 1 and not objective.finished:
        raise KeyboardInterrupt
    if not (recipe.eval_steps and state.step % recipe.eval_steps == 0):
        training.evaluate()
    return training.save()


class _Training(Generic[M]):
    """A run between two steps: model, optimizers and where it stands."""

    def __init__(self, objective: Objective[M], recipe: LoopRecipe, run: Path, ranks: Ranks) -> None:
        self.objective, self.recipe, self.run, self.ranks = objective, recipe, run, ranks
        (self.dtype, *_) = ranks.gather(precision.choose(recipe.precision, ranks.device))
        self.step = Step(objective)
        self.passing = parallelize(self.step, recipe, ranks, self.dtype)
        self.model = objective.model.train()
        self.optimizers = objective.optimizers()
        self.checkpoints = Checkpoints(run, self.model, self.optimizers, ranks)
        found = self.checkpoints.resume()
        self.state = found or State()
        self.log = Log(run, self.state.step, tensorboard=recipe.tensorboard) if ranks.main else Silence()
        self.log.say(self._beginning())
        if found:
            self.log.say(f"resumed at step {found.step} after {duration(found.elapsed)} of training")
        self.schedule = Schedule(recipe.warmup, recipe.decay)
        self.meter = Meter(ranks.device, self.dtype, ranks.world)
        self.failures, self.grad_norm, self.rate = 0, 0.0, 0.0

    @property
    def progress(self) -> float:
        """The share of the budget that is used up; more than 1 at the end."""
        recipe, state = self.recipe, self.state
        if recipe.steps or recipe.tokens:
            return state.step / recipe.steps if recipe.steps else state.positions / recipe.tokens
        return state.elapsed / (recipe.minutes * 60)

    def take(self, batches: list[tuple[M, bool]]) -> int:
        """Take a step with this rank's micro-batches; returns the positions of all ranks' that count."""
        done = self.progress
        self.rate = self.schedule(done)
        counted = [batch for batch, counts in batches if counts]
        total, positions, flops = self.ranks.sums(
            sum(batch.predictions for batch in counted),
            sum(batch.positions for batch in counted),
            sum(self.objective.flops(batch) for batch in counted),
        )
        for number, (batch, counts) in enumerate(batches, 1):
            accumulating(self.passing, last=number == len(batches))
            with precision.autocast(self.dtype, self.ranks.device):
                loss = self.passing(batch, done, counts)
            (loss / (total / self.ranks.world)).backward()  # ranks take the mean of their gradients
        norm = clip_gradients(self.model, self.recipe.clip)
        if torch.isfinite(norm):
            self.failures, self.grad_norm = 0, norm.item()
            for optimizer in self.optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = group["rate"] * self.rate
                optimizer.step()
            self.objective.after_step(counted, self.ranks)
        else:
            self.failures += 1
            if self.failures == MAX_FAILED_STEPS:
                first = self.state.step + 2 - MAX_FAILED_STEPS  # as the log counts
                raise KhalaError(f"the loss is not finite since step {first}; lower the recipe's learning rates")
        self.model.zero_grad(set_to_none=True)
        self.meter.add(positions, flops)
        return round(positions)

    def report(self) -> None:
        """Log the steps since the last report."""
        elapsed = self.state.elapsed
        left = elapsed / max(self.progress, 1e-9) - elapsed
        speed = self.meter.read(self.objective.unit)
        values = {**speed, "eta": max(left, 0.0), "rate": self.rate, "grad": self.grad_norm, "elapsed": elapsed}
        losses = means(self.ranks.gather(self.step.losses.totals()))
        self.log.write(self.state.step, "train", {**values, "epoch": self.state.epoch}, losses)
        self.step.losses = Losses()

    def measure(self, batches: Sequence[Any]) -> dict[str, float]:
        """The mean losses over micro-batches, each of which one rank computes."""
        before, self.step.losses = self.step.losses, Losses()
        for batch, counts in self.ranks.share(batches):
            self.passing(batch, 1.0, counts)
        found, self.step.losses = self.step.losses, before
        return means(self.ranks.gather(found.totals()))

    def evaluate(self) -> None:
        """Log how the model does on held-out songs."""
        self.model.eval()
        with torch.no_grad(), precision.autocast(self.dtype, self.ranks.device):
            for values, figures in self.objective.evaluate(self.measure):
                self.log.write(self.state.step, "held-out", {**values, "elapsed": self.state.elapsed}, figures)
        self.model.train()

    def sample(self) -> None:
        """Let the model be heard."""
        weights = whole_tensors(self.model, self.ranks)
        if self.ranks.main:
            folder = self.run / "samples" / f"step-{self.state.step:08d}"
            folder.mkdir(parents=True, exist_ok=True)
            self.objective.sample(weights, folder)

    def save(self) -> Path:
        """Write the trained weights; returns their path, or on other ranks than the main one the run's."""
        path, weights = self.run, whole_tensors(self.model, self.ranks)
        with self.ranks.one_after_the_other():
            if self.ranks.main:
                path = self.objective.save(weights, self.run)
        return path

    def _beginning(self) -> str:
        size = sum(weight.numel() for weight in self.model.parameters())
        on_cpu = self.ranks.device.type == "cpu"
        where = f"{torch.get_num_threads()} threads" if on_cpu else str(self.ranks.device)
        where += f", {self.ranks.world} ranks ({self.recipe.parallel})" if self.ranks.world > 1 else ""
        return f"{self.run}: {size / 1e6:.2f} M parameters, {str(self.dtype).removeprefix('torch.')}, {where}"
