"""The words of a line as written, with their phones: together those of the whole line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.phones import LETTERS, phonetic, pronounce
from khala.music.spoken import spoken_words


def test_every_word_has_its_phones() -> None:
    assert spoken_words("Sing (it)  loud,  all-day") == [
        ("Sing", pronounce("sing")),
        ("(it)", pronounce("it")),
        ("loud,", pronounce("loud")),
        ("all-day", pronounce("all-day")),
    ]


def test_numbers_belong_to_where_they_are_written() -> None:
    words = dict(spoken_words("$5 for you & me in '99 at 7:30"))
    assert words["$5"] == "".join(pronounce(word) or "" for word in ("five", "dollars"))
    assert words["&"] == pronounce("and") and words["me"] == pronounce("me")
    assert words["7:30"] == "".join(pronounce(word) or "" for word in ("seven", "thirty"))
    assert spoken_words("5 %") == [("5", "".join(pronounce(word) or "" for word in ("five", "percent"))), ("%", "")]


def test_words_that_cannot_be_read_have_no_phones() -> None:
    assert spoken_words("你好 love - любовь") == [("你好", ""), ("love", pronounce("love")), ("-", ""), ("любовь", "")]
    assert spoken_words(" ") == []


@given(st.text("aB'é-() &$%09.\u0301", max_size=30))
@pytest.mark.parametrize("line", ["it's 5 o'clock, rock'n'roll & 100 % you", "e\u0301tude cafe\u0301 \u0301 9"])
def test_no_phone_of_a_line_is_lost(line: str, more: str) -> None:
    text = " ".join(f"{line} {more}".split())
    phones = "".join(phone for _, phone in spoken_words(text))
    assert phones == "".join(char for char in phonetic(text) if char in LETTERS)
    assert [word for word, _ in spoken_words(text)] == text.split()
