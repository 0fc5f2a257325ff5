"""Progress of anything that takes a while: the one callback of the project."""

import time
from typing import Protocol

REPORT_SECONDS = 0.25
"""Between two reports of a long computation."""


class Progress(Protocol):
    """Called as a stage goes on: its name, how much is done and how much there is, in the stage's own units (frames,
    levels, bytes, songs).

    Long computations call several times a second, with the same `done` if there is nothing new. An exception raised
    here ends the stage at once, and nothing of it stays behind.
    """

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def silent(stage: str, done: int, total: int) -> None:
    """Report to nobody."""


def paced(progress: Progress) -> Progress:
    """Return a callback that passes on a report when `REPORT_SECONDS` have passed since the last one."""
    last = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_SECONDS:
            progress(stage, done, total)
            last = time.monotonic()

    return report
