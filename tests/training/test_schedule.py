"""The learning rate's schedule."""

import pytest

from khala.training.schedule import Schedule


def test_the_schedule_warms_up_holds_and_decays() -> None:
    schedule = Schedule(warmup=0.1, decay=0.4, floor=0.05)
    assert schedule(0.0) == pytest.approx(0.1) and schedule(0.05) == pytest.approx(0.55)
    assert schedule(0.1) == schedule(0.6) == 1.0
    assert schedule(0.8) == pytest.approx(0.525)
    assert schedule(1.0) == schedule(7.0) == pytest.approx(0.05)
    cosine = Schedule(warmup=0.0, decay=1.0, floor=0.0)
    assert cosine(0.5) == pytest.approx(0.5) and cosine(0.0) == 1.0
