"""Progress on stderr: a bar with the time left for every stage on a terminal, a plain line now and then elsewhere."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from typing import Protocol

from khala.cli.errors import say

SILENCE = 5.0
"""Seconds between two plain lines of the same stage."""


class Report(Protocol):
    """Called with a stage's name, how much of it is done, and how much there is."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


@contextmanager
def progress(quiet: bool = False) -> Iterator[Report]:
    """What to call while work goes on; whatever it shows is finished when the block ends.

    An interrupt is raised where it arrives, or else at the next call: one that arrives where Python drops exceptions
    (in a finaliser, say) is not lost.
    """
    with _interrupts() as asked, ExitStack() as stack:
        show: Report = (lambda stage, done, total: None) if quiet else Lines()
        if not quiet and sys.stderr.isatty():
            show = stack.enter_context(_bars())

        def report(stage: str, done: int, total: int) -> None:
            if asked():
                raise KeyboardInterrupt
            show(stage, done, total)

        yield report


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Whether there was an interrupt since the block began."""
    seen = False

    def note(*_: object) -> None:
        nonlocal seen
        seen = True
        raise KeyboardInterrupt

    # only in the thread that signals reach, and only if nobody else has taken the signal, or turned it off
    ours = current_thread() is main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: seen
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class Lines:
    """Plain lines: one when a stage begins, one at most every `SILENCE` seconds, one when it ends."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.stage = ""
        self.began = self.spoke = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self.clock()
        if stage != self.stage:
            self.stage, self.began, self.spoke = stage, now, now
            say(f"{stage} ...")
        elif 0 < done < total and now - self.spoke >= SILENCE:
            self.spoke = now
            left = (now - self.began) / done * (total - done)
            say(f"{stage} {done / total:.0%}, about {left:.0f} s left")
        if done >= total and self.spoke != float("inf"):
            self.spoke = float("inf")  # a stage ends once
            say(f"{stage} done in {now - self.began:.1f} s")


@contextmanager
def _bars() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report
