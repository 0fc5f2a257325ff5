"""Reworks as they are asked for."""

from typing import Any

import pytest

from khala.music.errors import InvalidRequest
from khala.music.rework import Rework, parse_range, parse_time, split_section


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "remix"}, "extend, edit, vary, refine"),
        ({"kind": "edit", "start": -1}, "start is -1"),
        ({"kind": "edit", "start": float("nan")}, "start is nan"),
        ({"kind": "edit", "start": 5, "stop": 5}, "before it begins"),
        ({"kind": "edit", "start": 5, "section": "chorus"}, "only one of them"),
        ({"kind": "edit", "section": "chorus:0"}, "not a section"),
        ({"kind": "edit", "candidates": 0}, "whole number from 1"),
        ({"kind": "edit", "candidates": True}, "whole number from 1"),
        ({"kind": "extend", "stop": 9}, "only an edit"),
        ({"kind": "vary", "section": "verse"}, "only an edit"),
        ({"kind": "refine", "start": 3}, "from its beginning"),
        ({"kind": "edit", "where": 3}, "no field 'where'"),
        ({}, "needs its kind"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        Rework.from_dict(wrong)


def test_a_rework_comes_back_from_json() -> None:
    for rework in (Rework("edit", 3, 9.5), Rework("extend"), Rework("edit", section="chorus:2", candidates=2)):
        assert Rework.from_dict(rework.to_dict()) == rework


def test_times_ranges_and_sections_are_read() -> None:
    assert [parse_time(text) for text in ("1:05", "0:7.5", "65.5", "12")] == [65, 7.5, 65.5, 12]
    assert parse_range("0:40-0:55") == (40, 55) and parse_range("40-") == (40, None)
    assert split_section("Chorus:2") == ("chorus", 2) and split_section(" pre-chorus ") == ("pre-chorus", 1)
    for text in ("", "1:75", "abc", "-3", "1:2:3"):
        with pytest.raises(InvalidRequest):
            parse_time(text)
    for text in ("40", "a-b"):
        with pytest.raises(InvalidRequest):
            parse_range(text)
