"""The published client's requests beyond the fixture: odd types and values."""

import math

import pytest

from khala.music.errors import InvalidRequest
from khala.music.published_request import PublishedParameters, published_parameters


def test_absent_and_null_fields_take_the_published_defaults():
    expected = PublishedParameters(False, description="", tags="", lyrics="", duration=3, top_k=80, temperature=1.0)
    assert published_parameters({}) == expected
    assert published_parameters({"duration": None, "lyrics": None, "mode": None}) == expected


def test_numbers_are_moved_into_range():
    got = published_parameters({"duration": math.inf, "top_k_bb": -math.inf, "temperature": 1})
    assert (got.duration, got.top_k, got.temperature) == (10, 1, 1)
    assert published_parameters({"duration": 2.7}).duration == 2


@pytest.mark.parametrize(
    "body",
    [
        {"duration": "3"},
        {"top_k_bb": True},
        {"temperature": math.nan},
        {"lyrics": 1},
        {"tags": [], "prompt_mode": "tags"},
    ],
)
def test_wrong_types_are_refused(body):
    with pytest.raises(InvalidRequest, match=next(iter(body))):
        published_parameters(body)


def test_what_breaks_lines_elsewhere_breaks_them_here() -> None:
    asked = published_parameters({"mode": "vocal", "lyrics": "[verse]\u2028River \x0brunning\u2029home"})
    assert asked.lyrics == "[verse]\nRiver \nrunning\nhome"
