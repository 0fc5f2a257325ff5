"""What runs on how many threads.

The threads that PyTorch shares a kernel among spin until the last of them has done its part. Beside another busy
program one of them is always waiting for a core, and a model of many small kernels takes tens of times longer. Besides,
a kernel may round by the number of its threads. So a stage computes on one thread, and what parts into large pieces is
spread over threads that sleep while they have nothing to do; a piece has the same bits whichever of them computes it.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

import torch

P = TypeVar("P")
R = TypeVar("R")

_allowed = ContextVar("allowed", default=1)
"""Threads that `spread` may use, the calling one among them."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Meanwhile PyTorch computes on one thread; as many as it was allowed before are for `spread`."""
    before = torch.get_num_threads()
    token = _allowed.set(max(before, _allowed.get()))
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _allowed.reset(token)


def spread(work: Callable[[P], R], pieces: Sequence[P]) -> list[R]:
    """`[work(piece) for piece in pieces]`, in `one_thread` on several threads: the calling one, and others beside it.

    What `work` raises is raised once nobody works any more.
    """
    todo, done = deque(enumerate(pieces)), dict[int, R]()
    inference, gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def share() -> None:
        while todo:
            try:
                number, piece = todo.popleft()
            except IndexError:  # another thread was quicker
                return
            done[number] = work(piece)

    def help() -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):  # each thread has its own
            share()

    others = [_pool().submit(help) for _ in range(min(_allowed.get(), len(pieces)) - 1)]
    try:
        share()
    finally:
        todo.clear()
        wait(others)
    for other in others:
        other.result()
    return [done[number] for number in range(len(pieces))]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), "khala", torch.set_num_threads, (1,))
