"""How the stages of a song report their progress and their time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from khala.music.progress import Progress

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
