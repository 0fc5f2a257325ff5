"""Processes that share the work on a corpus, each with one thread."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread


@contextmanager
def process_pool(processes: int, patient: bool = False) -> Iterator[Executor]:
    """A pool of new processes, which end at once if this one is killed.

    An error or an interrupt here drops what waits. An interrupt also breaks off what they are at, unless they are
    `patient`.
    """
    for library in ("OMP", "OPENBLAS", "MKL"):  # read when a new process imports numpy or torch
        os.environ[f"{library}_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _follow_parent, (patient,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _follow_parent(patient: bool) -> None:
    if patient:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
