"""Settings of the training loop, which the recipe of every part has."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LoopRecipe:
    """Settings of the training loop. The budget is `steps` or, if that is 0, `tokens`: positions that go through the
    model, of all ranks. If both are 0 it is `minutes` of wall clock, for a single process.

    `warmup` and `decay` are fractions of the run, `clip` bounds the norm of a step's gradient. `threads` 0 leaves their
    number to torch; `loader_threads` read data ahead.

    Several ranks have a copy of the model each (`parallel` "ddp") or a part of it ("fsdp"). `recompute` computes the
    blocks' activations again in the backward pass instead of keeping them. `compile` is a backend of `torch.compile`
    for the blocks, such as "inductor". With `eval_steps` held-out songs are measured before the first step and every so
    many steps, instead of every `eval_minutes`. `tensorboard` writes its files, too. Samples are made every
    `sample_steps` steps.
    """

    minutes: float = 60.0
    steps: int = 0
    tokens: int = 0
    warmup: float = 0.02
    decay: float = 0.4
    clip: float = 1.0
    precision: str = "auto"
    threads: int = 0
    loader_threads: int = 1
    parallel: Literal["ddp", "fsdp"] = "ddp"
    recompute: bool = False
    compile: str = ""
    log_steps: int = 10
    checkpoint_minutes: float = 5.0
    eval_minutes: float = 10.0
    eval_steps: int = 0
    sample_steps: int = 0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        require_positive(self, "log_steps", "checkpoint_minutes", "eval_minutes", "clip", "loader_threads")
        if max(self.steps, self.tokens, self.minutes) <= 0:
            raise ValueError("a run needs a budget: set steps, tokens or minutes to more than 0")


def require_positive(recipe: LoopRecipe, *names: str) -> None:
    """Raise ValueError for a value of these names that is not more than 0."""
    for name in names:
        if getattr(recipe, name) <= 0:
            raise ValueError(f"{name} is {getattr(recipe, name)}; it must be more than 0")


def require_shares(recipe: LoopRecipe, *names: str) -> None:
    """Raise ValueError for a value of these names that is not a share, from 0 to less than 1."""
    for name in names:
        if not 0 <= getattr(recipe, name) < 1:
            raise ValueError(f"{name} is {getattr(recipe, name)}; it is a share, from 0 to less than 1")
