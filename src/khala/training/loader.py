"""Micro-batches read ahead of training.

What a rank reads is a function of the position in the data, its rank and their number alone, so the same steps are
taken however many ranks and threads there are.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from khala.training.ranks import Ranks

STEPS_AHEAD = 2
"""Steps that are read while one is computed."""


@dataclass(frozen=True)
class StepPlan:
    """Epoch, number of the step within it, and one specification for each of its micro-batches, of all ranks."""

    epoch: int
    batch: int
    specs: list[Any]


def loaded(
    plans: Iterator[StepPlan], read: Callable[[Any], Any], ranks: Ranks, threads: int
) -> Generator[tuple[StepPlan, list[tuple[Any, bool]]]]:
    """Yield each plan with the micro-batches of this rank, and whether each counts (`Ranks.share`)."""
    waiting: deque[tuple[StepPlan, list[tuple[Future[Any], bool]]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="loader")
    try:
        for plan in plans:
            waiting.append((plan, [(pool.submit(read, spec), counts) for spec, counts in ranks.share(plan.specs)]))
            if len(waiting) > STEPS_AHEAD:
                ready, batches = waiting.popleft()
                yield ready, [(batch.result(), counts) for batch, counts in batches]
    finally:
        pool.shutdown(cancel_futures=True)
