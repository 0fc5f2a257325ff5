from hypothesis import given
from hypothesis import strategies as st

from khala.music.distance import edit_distance

TEXTS = st.lists(st.sampled_from("abc"), max_size=6)


def test_known_distances() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "abc") == edit_distance("abc", "") == 3
    assert edit_distance(["the", "moon"], ["the", "red", "moon"]) == 1


@given(TEXTS, TEXTS, TEXTS)
def test_it_is_a_metric(a: list[str], b: list[str], c: list[str]) -> None:
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, b) == edit_distance(b, a) <= edit_distance(a, c) + edit_distance(c, b)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))
