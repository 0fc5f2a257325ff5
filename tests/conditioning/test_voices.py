"""Who is to sing, by the words of a request."""

import pytest

from khala.conditioning.request_terms import description_remarks
from khala.conditioning.voices import parse_singer, parse_voice
from khala.corpus.composer.compose import compose
from khala.music.request import SongRequest

MINI = (72.0, 161.0)
"""The tempi of a model that is led by an outline."""


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
    assert parse_singer([text]) == singer


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
    assert parse_voice({}, [text]) is voice


def test_the_corpus_says_who_sings() -> None:
    for seed in range(7000, 7100):
        score = compose(seed)
        for words in score.tags, (score.description,):
            assert (parse_singer(words), parse_voice({}, words)) == (score.voice, bool(score.voice))


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"tags": "instrumental, female vocals, male vocals", "lyrics": "la la"}, "voice-contradiction"),
        ({"tags": "no vocals", "lyrics": "la la"}, "voice-contradiction"),
        ({"tags": "instrumental, female vocals"}, "voice-contradiction"),
        ({"tags": "female vocals", "instrumental": True}, "voice-contradiction"),
        ({"tags": "female vocals"}, "nothing-to-sing"),
        ({"tags": "male and female vocals", "lyrics": "la la"}, "singers"),
        ({"tags": "instrumental, piano", "instrumental": True}, None),
        ({"tags": "instrumental", "lyrics": "[intro]"}, None),
        ({"tags": "female vocals", "lyrics": "la la"}, None),
        ({"lyrics": "la la"}, None),
    ],
)
def test_remarks_on_voices(fields: dict[str, object], kind: str | None) -> None:
    found = description_remarks(SongRequest(**fields), MINI)  # type: ignore[arg-type]
    assert [remark.kind for remark in found] == ([kind] if kind else [])


def test_what_counts_of_a_contradiction() -> None:
    def kept(**fields: object) -> object:
        return description_remarks(SongRequest(tags=("instrumental", "female vocals"), **fields))[0].values["kept"]  # type: ignore[arg-type]

    assert (kept(instrumental=True), kept(lyrics="la"), kept()) == ("instrumental", "lyrics", "instrumental")
    for fields, voice in (({"instrumental": True}, False), ({"lyrics": "la"}, True), ({}, False)):
        assert parse_voice(fields, ["instrumental", "female vocals"]) is voice


def test_other_models_may_have_several_singers_and_words_of_their_own() -> None:
    assert not description_remarks(SongRequest(tags=("female vocals",)))
    assert not description_remarks(SongRequest(tags=("male and female vocals",), lyrics="la"))
