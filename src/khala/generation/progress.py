"""How the stages of a song report their progress and their time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from torch import nn

from khala.music.progress import REPORT_SECONDS, Progress

Stage = Literal["backbone", "superres", "decode", "finish"]


def share(progress: Progress, part: int, parts: int) -> Progress:
    """Progress of part 0, 1, ... of so many, as progress of all of them, a stage being as long for each."""

    def report(stage: str, done: int, total: int) -> None:
        progress(stage, part * total + done, parts * total)

    return report


@contextmanager
def timed(seconds: dict[str, float], stage: Stage) -> Iterator[None]:
    """Write the seconds that the block took into `seconds`."""
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)


@contextmanager
def reporting(model: nn.Module, progress: Progress, stage: Stage, total: int) -> Iterator[Callable[..., None]]:
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
