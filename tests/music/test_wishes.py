"""What words ask for."""

import pytest

from khala.music.wishes import stated_key, stated_limits, stated_singer, stated_styles


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("slow", (0, 90)),
        ("mid tempo", (90, 120)),
        ("fast tempo", (120, 1000)),
        ("A tender folk song at a slow tempo with flute.", (0, 90)),
        ("at a moderate tempo", (90, 120)),
        ("mid-tempo", (90, 120)),
        ("A fast-paced rock track.", (120, 1000)),
        ("an up-tempo song", (120, 1000)),
        ("Create a downtempo lo-fi song in f major.", (0, 90)),
        ("slow dancing in the dark", None),
        ("pop", None),
    ],
)
def test_tempo_words_are_ranges(text: str, limits: tuple[float, float] | None) -> None:
    assert stated_limits([text]) == limits


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a minor", (9, "minor")),
        ("a song in E flat major at 80 bpm", (3, "major")),
        ("F# minor", (6, "minor")),
        ("Bb major", (10, "major")),
        ("c-sharp minor", (1, "minor")),
        ("a sad song in a minor key", (None, "minor")),
        ("major", (None, "major")),
        ("pop", (None, None)),
    ],
)
def test_keys_and_modes(text: str, key: tuple[int | None, str | None]) -> None:
    assert stated_key(["rock", text]) == key


@pytest.mark.parametrize(
    ("text", "styles"),
    [
        ("pop", {"pop"}),
        ("An upbeat country pop song", {"country"}),
        ("dance", {"disco", "electronic"}),
        ("Hip-Hop", {"hip hop"}),
        ("a lo-fi beat, jazz", {"lo-fi", "jazz"}),
        ("popular rocks", set()),
    ],
)
def test_styles(text: str, styles: set[str]) -> None:
    assert set(stated_styles([text])) == styles


def test_styles_come_in_the_order_of_the_text() -> None:
    assert stated_styles(["a soul ballad"]) == ("soul", "ballad")
    assert stated_styles(["ballad", "neo-soul"]) == ("ballad", "soul")


@pytest.mark.parametrize(
    ("text", "singer"),
    [
        ("female vocals", "female"),
        ("Male Vocals", "male"),
        ("sung by a woman", "female"),
        ("for a man's voice", "male"),
        ("a duet of a man and a woman", ""),
        ("pop", ""),
    ],
)
def test_who_sings(text: str, singer: str) -> None:
    assert stated_singer([text]) == singer
