"""Progress of anything that takes a while: the one callback of the project."""

from typing import Protocol


class Progress(Protocol):
    """Called as a stage goes on: its name, how much is done and how much there is, in the stage's own units (frames,
    levels, bytes, songs).

    Long computations call several times a second, with the same `done` if there is nothing new. An exception raised
    here ends the stage at once, and nothing of it stays behind.
    """

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def silent(stage: str, done: int, total: int) -> None:
    """Report to nobody."""
