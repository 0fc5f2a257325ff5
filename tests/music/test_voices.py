"""Who is to sing, by the words of a request."""

import pytest

from khala.corpus.compose import compose
from khala.music.voices import stated_singer, stated_voice


@pytest.mark.parametrize(
    ("text", "singer"),
    [
        ("female vocals", "female"),
        ("Male Vocals", "male"),
        ("male singer", "male"),
        ("female voice", "female"),
        ("sung by a woman", "female"),
        ("sung by a deep male voice", "male"),
        ("for a man's voice", "male"),
        ("a woman with a deep voice", "female"),
        ("girl group vocals", "female"),
        ("a boy band song", "male"),
        ("tenor", "male"),
        ("baritone voice", "male"),
        ("a deep baritone", "male"),
        ("mezzo-soprano", "female"),
        ("female, dark, pop", "female"),
        ("female-fronted rock", "female"),
        ("her soft voice", "female"),
        ("he sings of rain", "male"),
        ("a song his mother sings", "female"),
        ("rock, male vocals, a song about a girl", "male"),
        ("a rock song about a girl and male vocals", "male"),
        ("male vocals, she left me", "male"),
        ("alto sax ballad, male vocals", "male"),
        ("male vocals with female backing vocals", "male"),
        ("no male vocals, female vocals", "female"),
        ("no drums and female vocals", "female"),
        ("a duet of a man and a woman", ""),
        ("male and female vocals", ""),
        ("male/female duet", ""),
        ("sung by a man and a woman", ""),
        ("a love song to her", ""),
        ("a song about a girl", ""),
        ("she left me", ""),
        ("alto sax, tenor saxophone", ""),
        ("a powerful woman, rock", ""),
        ("pop", ""),
    ],
)
def test_who_sings(text: str, singer: str) -> None:
    assert stated_singer([text]) == singer


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("instrumental", False),
        ("no vocals, jazz", False),
        ("rock without vocals", False),
        ("jazz without a singer", False),
        ("instrumental with vocal chops", False),
        ("not instrumental", True),
        ("a pop song with an instrumental intro, female vocals", True),
        ("no autotune, vocals", True),
        ("tenor", True),
        ("a woman singing", True),
        ("without drums", None),
        ("singer-songwriter", None),
        ("a song about a singer", None),
        ("pop", None),
    ],
)
def test_whether_somebody_sings(text: str, voice: bool | None) -> None:
    assert stated_voice({}, [text]) is voice


def test_the_corpus_says_who_sings() -> None:
    for seed in range(7000, 7100):
        score = compose(seed)
        for words in score.tags, (score.description,):
            assert (stated_singer(words), stated_voice({}, words)) == (score.voice, bool(score.voice))
