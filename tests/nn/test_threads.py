"""Work that is spread over threads: all of it, in order, and never more threads of PyTorch's than one."""

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from khala.nn.threads import one_thread, spread


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_one_thread_lasts_as_long_as_the_block_and_however_it_ends() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with pytest.raises(ValueError, match="broken"), one_thread():
        raise ValueError("broken")
    assert torch.get_num_threads() == 3


def test_pieces_are_spread_over_the_threads_that_were_allowed() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def work(piece: int) -> tuple[int, int, bool]:
        if piece < 3:
            meeting.wait()  # three at once, or it breaks
        return piece, torch.get_num_threads(), torch.is_inference_mode_enabled()

    with torch.inference_mode(), one_thread(), one_thread():
        assert spread(work, range(9)) == [(piece, 1, True) for piece in range(9)]
    with torch.no_grad(), one_thread():
        assert spread(lambda _: torch.is_grad_enabled(), range(9)) == [False] * 9
    assert spread(abs, []) == []


def test_outside_of_one_thread_nothing_is_spread() -> None:
    assert spread(lambda _: threading.get_ident(), range(9)) == [threading.get_ident()] * 9


@pytest.mark.parametrize("breaking", [0, 5])
def test_what_breaks_ends_it_once_nobody_works_any_more(breaking: int) -> None:
    working, done = set[int](), set[int]()

    def work(piece: int) -> None:
        working.add(piece)
        if piece == breaking:
            raise ValueError(f"piece {piece}")
        time.sleep(0.01)
        done.add(piece)

    with one_thread(), pytest.raises(ValueError, match=f"piece {breaking}"):
        spread(work, range(1000))
    assert working == done | {breaking} and len(done) < 1000
