"""How the stages of a song tell how far they are."""

from typing import Literal, Protocol

Stage = Literal["backbone", "superres", "decode", "finish"]


class Progress(Protocol):
    """Called as a stage goes on: `done` of `total`, in the stage's own units (frames, levels, chunks)."""

    def __call__(self, stage: Stage, done: int, total: int) -> None: ...


def silent(stage: Stage, done: int, total: int) -> None:
    """Tells nobody."""
