import pytest

from khala.music.tags import parse_tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        (" , ,", ()),
        ("rock, fast  tempo,Rock, male vocals ", ("rock", "fast tempo", "male vocals")),
        ("民谣，吉他、女声；慢\nsoft;warm", ("民谣", "吉他", "女声", "慢", "soft", "warm")),
    ],
)
def test_parse_tags(text, tags):
    assert parse_tags(text) == tags
