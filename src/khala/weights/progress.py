"""Progress of reading and writing model files."""

from collections.abc import Callable

ByteProgress = Callable[[str, int, int], None]
"""Called as a stage goes on: its name, the bytes done, and their sum."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""
