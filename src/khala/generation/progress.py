"""How the stages of a song tell how far they are, and how they are stopped: whoever is told may raise."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from torch import nn

Stage = Literal["backbone", "superres", "decode", "finish"]

PULSE = 0.25
"""Seconds between two reports of a long computation."""


class Progress(Protocol):
    """Called as a stage goes on: `done` of `total`, in the stage's own units (frames, levels, chunks).

    Reports come several times a second while a language model computes, with the same `done` if there is nothing new:
    an exception raised here ends the stage at once, and nothing of it stays behind.
    """

    def __call__(self, stage: Stage, done: int, total: int) -> None: ...


def silent(stage: Stage, done: int, total: int) -> None:
    """Tells nobody."""


@contextmanager
def attended(model: nn.Module, progress: Progress, stage: Stage, total: int) -> Iterator[Callable[..., None]]:
    """While the block runs, `progress` is told at least every `PULSE` seconds, or each half layer of `model`.

    Yields `tell(done, now=False)`: how much is done; it is passed on when the time has come, or at once.
    """
    told, known, attending = time.monotonic(), 0, threading.get_ident()

    def tell(done: int, now: bool = False) -> None:
        nonlocal told, known
        known = done
        if now or time.monotonic() - told >= PULSE:
            progress(stage, done, total)
            told = time.monotonic()

    def pulse(*_: object) -> None:
        if threading.get_ident() == attending:  # others help (`nn.threads`); whoever listens expects this one
            tell(known)

    halves = [half for block in model.blocks for half in (block.attention_norm, block.mlp)]  # type: ignore[union-attr]
    hooks = [half.register_forward_pre_hook(pulse) for half in halves]
    try:
        yield tell
    finally:
        for hook in hooks:
            hook.remove()
