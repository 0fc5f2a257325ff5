import pytest

from khala.server.problems import Refusal
from khala.server.ranges import parse_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-99", (0, 100)),
        ("bytes=10-", (10, 100)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("Bytes = 5 - 6", (5, 7)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
        ("lines=0-1", None),
        ("bytes=--5", None),
        (f"bytes=0-{'9' * 400}", None),
    ],
)
def test_what_a_header_asks_for(header: str | None, part: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_what_lies_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_range(header, 100)
    assert refused.value.kind == "range" and refused.value.headers == {"Content-Range": "bytes */100"}


def test_an_empty_file_has_no_parts() -> None:
    assert parse_range(None, 0) is None
    with pytest.raises(Refusal):
        parse_range("bytes=0-", 0)
