"""Progress within a pass of a module."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn

from khala.music.progress import REPORT_SECONDS, Progress


@contextmanager
def reporting(model: nn.Module, progress: Progress, stage: str, total: int) -> Iterator[Callable[..., None]]:
    """While the block runs, call `progress` at least every `REPORT_SECONDS`, or each half layer of `model`.

    Yields `report(done, now=False)`, which passes on how much is done when the time has come, or at once.
    """
    last, known, thread = time.monotonic(), 0, threading.get_ident()

    def report(done: int, now: bool = False) -> None:
        nonlocal last, known
        known = done
        if now or time.monotonic() - last >= REPORT_SECONDS:
            progress(stage, done, total)
            last = time.monotonic()

    def pulse(*_: object) -> None:
        if threading.get_ident() == thread:  # others help (`nn.threads`); the listener expects this one
            report(known)

    halves = [half for block in model.blocks for half in (block.attention_norm, block.mlp)]  # type: ignore[union-attr]
    hooks = [half.register_forward_pre_hook(pulse) for half in halves]
    try:
        yield report
    finally:
        for hook in hooks:
            hook.remove()
