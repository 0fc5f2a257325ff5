"""Languages are told by their small words."""

import pytest

from khala.music.languages import latin_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Walking down the road tonight\nI don't run there anymore", "en"),
        ("Quiero bailar contigo toda la noche porque eres mi amor", "es"),
        ("Ma sœur a l'œil sur la rue, mon cœur est une île perdue", "fr"),
        ("Du bist die Sonne in der Nacht, ich liebe dich", "de"),
        ("Nel blu dipinto di blu, felice di stare lassù con te", "it"),
        ("Olha que coisa mais linda, você não está aqui", "pt"),
        ("Ik hou van jou en jij bent niet hier", "nl"),
        ("La la la la la", None),
        ("Oh oh oh", None),
        ("我在等你", None),
        ("", None),
        ("C'est la vie, my love, you know it is", "en"),
    ],
)
def test_languages(text: str, language: str | None) -> None:
    assert latin_language(text) == language
