import numpy as np
import pytest

from khala.evaluation.sections import SectionSpan, form_correlation

RATE = 8000
FORM = [SectionSpan(0, 4, 0.2), SectionSpan(4, 10, 0.9), SectionSpan(10, 12, 0.4)]


def song(gains: list[float], seconds: float = 12) -> np.ndarray:
    parts = zip(gains, (4, 6, 2), strict=True)
    noise = np.random.default_rng(0).normal(size=(2, round(seconds * RATE)))
    shape = np.concatenate([np.full(round(length * RATE * seconds / 12), gain) for gain, length in parts])
    return noise * shape * 0.2


def test_a_level_that_follows_the_form_correlates_with_it() -> None:
    found = form_correlation(song([0.2, 1.0, 0.4]), RATE, FORM)
    assert found is not None and found > 0.95


def test_a_level_against_the_form_correlates_negatively() -> None:
    found = form_correlation(song([1.0, 0.2, 0.5]), RATE, FORM)
    assert found is not None and found < -0.8


def test_the_form_is_stretched_to_a_shorter_song() -> None:
    assert form_correlation(song([0.2, 1.0, 0.4], seconds=6), RATE, FORM) == pytest.approx(
        form_correlation(song([0.2, 1.0, 0.4]), RATE, FORM), abs=0.05
    )


def test_nothing_can_be_said_where_nothing_changes() -> None:
    assert form_correlation(np.ones((2, 12 * RATE)), RATE, FORM) is None
    assert form_correlation(song([0.2, 1.0, 0.4]), RATE, [SectionSpan(0, 6, 0.5), SectionSpan(6, 12, 0.5)]) is None
