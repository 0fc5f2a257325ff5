"""Threads for pieces of work that divide independently of how many threads there are."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def workers(threads: int) -> Iterator[Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]]:
    """Yield a `map` that computes on so many threads, or on the calling one. An exception is raised at its end."""
    if threads == 1:
        yield lambda work, pieces: [work(piece) for piece in pieces]
        return
    with ThreadPoolExecutor(threads, "khala") as pool:
        yield lambda work, pieces: list(pool.map(work, pieces))


def cpu_threads() -> int:
    """Return how many threads are worth it: a processor each of those that this process may use, and no more than
    OMP_NUM_THREADS, by which people tell programs so."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(usable, int(asked)) if asked.isdecimal() and int(asked) else usable
