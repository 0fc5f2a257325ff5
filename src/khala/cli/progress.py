"""Progress on stderr: a bar with the remaining time for each stage on a terminal, plain lines elsewhere."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread

from khala.cli.errors import print_line
from khala.music.progress import Progress

SECONDS_BETWEEN_LINES = 5.0
"""Minimum time between two plain lines of the same stage."""


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """Yield a callback that shows progress until the block ends.

    An interrupt is raised where it arrives, or at the next call if it arrived where Python drops exceptions, such as in
    a finaliser.
    """
    with _interrupts() as asked, ExitStack() as stack:
        show: Progress = (lambda stage, done, total: None) if quiet else PlainProgress()
        if not quiet and sys.stderr.isatty():
            show = stack.enter_context(_bars())

        def report(stage: str, done: int, total: int) -> None:
            if asked():
                raise KeyboardInterrupt
            show(stage, done, total)

        yield report


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether there was an interrupt since the block began."""
    seen = False

    def note(*_: object) -> None:
        nonlocal seen
        seen = True
        raise KeyboardInterrupt

    # only in the thread that receives signals, and only if the signal has its default handler
    ours = current_thread() is main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: seen
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class PlainProgress:
    """Prints a line when a stage begins, at most every `SECONDS_BETWEEN_LINES`, and when it ends. Stages may
    overlap."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.began: dict[str, float] = {}
        self.printed: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self.clock()
        if stage not in self.began:
            self.began[stage] = self.printed[stage] = now
            print_line(f"{stage} ...")
        elif 0 < done < total and now - self.printed[stage] >= SECONDS_BETWEEN_LINES:
            self.printed[stage] = now
            left = (now - self.began[stage]) / done * (total - done)
            print_line(f"{stage} {done / total:.0%}, about {left:.0f} s left")
        if done >= total and self.printed[stage] != float("inf"):
            self.printed[stage] = float("inf")  # a stage ends only once
            print_line(f"{stage} done in {now - self.began[stage]:.1f} s")


@contextmanager
def _bars() -> Iterator[Progress]:
    import rich.progress
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with rich.progress.Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report
