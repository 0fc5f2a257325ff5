"""Threads for pieces of work that divide independently of how many threads there are."""

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
