"""Numbers and signs as they are sung."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.numerals import cardinal, spell_numbers


@pytest.mark.parametrize(
    ("written", "sung"),
    [
        ("Back in 1999", "Back in nineteen ninety nine"),
        (
            "1905, 1900, 2000, 2007, 2026",
            "nineteen oh five , nineteen hundred , two thousand , two thousand seven , twenty twenty six",
        ),
        ("A 1,000 stars", "A thousand stars"),
        ("1000 stars, 100 times", "a thousand stars, a hundred times"),
        ("the 100 days, 1,200 nights", "the hundred days, one thousand two hundred nights"),
        (
            "the 1st, 2nd, 3rd, 4th, 12th, 20th, 21st of fall",
            "the first , second , third , fourth , twelfth , twentieth , twenty first of fall",
        ),
        ("$5 and 100% of you & me", "five dollars and a hundred percent of you and me"),
        ("$1, £2.50, €1,000", "one dollar , two pounds fifty , a thousand euros"),
        ("the '80s, 90's, 1970s and 2000s", "the eighties , nineties , nineteen seventies and two thousands"),
        ("at 7:30, 9:05, 12:00", "at seven thirty , nine oh five , twelve o'clock"),
        ("3.5, 50.5%", "three point five , fifty point five percent"),
        ("#1 in 007's heart", "number one in zero zero seven 's heart"),
        ("867-5309", "eight six seven five three zero nine"),
        ("24/7, 365, 9-1-1", "twenty four / seven , three hundred sixty five , nine - one - one"),
        ("gr8 b4 2nite U2", "gr8 b4 2nite U2"),
        ("1+1=2 @ ½ past", "one plus one equals two at half past"),
        ("no number", "no number"),
    ],
)
def test_numbers(written: str, sung: str) -> None:
    said = re.sub(r"\s+", " ", spell_numbers(written)).strip()
    assert re.sub(r" (?=,)", "", said) == re.sub(r" (?=,)", "", sung)


def test_long_numbers() -> None:
    assert cardinal("999999999999")[:3] == ["nine", "hundred", "ninety"]
    assert cardinal("1234567890123") == [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "zero",
        "one",
        "two",
        "three",
    ]
    assert cardinal("1000001") == ["one", "million", "one"]


@given(st.text(alphabet="0123456789.,:$%#'&-/ sthndr", max_size=20))
def test_no_digit_is_left_alone(text: str) -> None:
    assert not re.search(r"(?<![^\W_])\d+(?![^\W_])", spell_numbers(text))
