"""Micro-batches are read ahead, in order, and each by the rank that it is for."""

import threading
from contextlib import closing
from itertools import count, islice

import pytest

from khala.training.loader import STEPS_AHEAD, StepPlan, loaded
from khala.training.ranks import Ranks


def plans():
    return (StepPlan(0, step, [f"{step}.{piece}" for piece in range(3)]) for step in count())


@pytest.mark.parametrize("threads", [1, 3])
def test_steps_come_in_order_whatever_reads_them(threads: int) -> None:
    with closing(loaded(plans(), str.upper, Ranks(), threads)) as steps:
        for number, (plan, batches) in enumerate(islice(steps, 5)):
            assert plan.batch == number
            assert batches == [(f"{number}.{piece}", True) for piece in range(3)]


def test_a_rank_reads_its_own_share_alone() -> None:
    read = []
    with closing(loaded(plans(), lambda spec: read.append(spec) or spec, Ranks(1, 2), 1)) as steps:
        assert [batches for _, batches in islice(steps, 2)] == [
            [("0.1", True), ("0.0", False)],
            [("1.1", True), ("1.0", False)],
        ]
    assert "0.2" not in read


def test_steps_are_read_while_one_is_computed_but_no_more_than_a_few() -> None:
    begun, enough = [], threading.Event()

    def read(spec: str) -> str:
        begun.append(spec)
        if len(begun) == 3 * (STEPS_AHEAD + 1):
            enough.set()
        return spec

    with closing(loaded(plans(), read, Ranks(), 1)) as steps:
        next(steps)
        assert enough.wait(10)
    assert len(begun) == 3 * (STEPS_AHEAD + 1)


def test_what_cannot_be_read_ends_the_run() -> None:
    def fail(spec: str) -> str:
        raise ValueError(spec)

    with closing(loaded(plans(), fail, Ranks(), 2)) as steps, pytest.raises(ValueError, match=r"0\.0"):
        next(steps)
