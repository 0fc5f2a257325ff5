"""Threads: PyTorch computes on one, and large pieces of work are spread over others.

The threads that PyTorch divides a kernel among spin until the last of them is done. When another program is busy, one
of them is always waiting for a core, and a model of many small kernels takes tens of times longer. Also, the rounding
of a kernel may depend on its number of threads. So a stage computes on one thread, and work that divides into large
pieces is spread over threads that sleep while idle; a piece has the same bits whichever thread computes it.
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

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_allowed = ContextVar("allowed", default=1)
"""Threads that `spread` may use, including the calling one."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one thread; `spread` may use as many as PyTorch could before."""
    before = torch.get_num_threads()
    token = _allowed.set(max(before, _allowed.get()))
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _allowed.reset(token)


def spread(work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> list[Result]:
    """Compute `[work(piece) for piece in pieces]`, within `one_thread` on the calling thread and others.

    An exception of `work` is raised once all threads have stopped.
    """
    todo, done = deque(enumerate(pieces)), dict[int, Result]()
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
