from hypothesis import given
from hypothesis import strategies as st

from khala.music.distance import edits

TEXTS = st.lists(st.sampled_from("abc"), max_size=6)


def test_known_distances() -> None:
    assert edits("kitten", "sitting") == 3
    assert edits("", "abc") == edits("abc", "") == 3
    assert edits(["the", "moon"], ["the", "red", "moon"]) == 1


@given(TEXTS, TEXTS, TEXTS)
def test_it_is_a_metric(a: list[str], b: list[str], c: list[str]) -> None:
    assert (edits(a, b) == 0) == (a == b)
    assert edits(a, b) == edits(b, a) <= edits(a, c) + edits(c, b)
    assert abs(len(a) - len(b)) <= edits(a, b) <= max(len(a), len(b))
