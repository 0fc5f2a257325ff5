"""What of the lyrics a model sings that knows English phones alone."""

from hypothesis import given
from hypothesis import strategies as st

from khala.conditioning.singable import MOST_PHONES, as_spelled, count_phones, in_phones
from khala.music.reading import read_lyrics

LONG = "the wagon rolled along the dusty river road, and everybody waved their hats and called my name"


def test_lines_in_other_scripts_are_left_out() -> None:
    found = in_phones(
        read_lyrics("[Verse 1]\nStanding in the rain\n我在等你\nПривет, мир\n(سلام)\nCalling out 你 your name")
    )
    assert [row.text for row in found.lyrics.lines] == ["Standing in the rain", "Calling out your name"]
    assert (found.sources, found.left_out, found.partly) == ((0, 4), (1, 2, 3), (4,))
    assert found.lyrics.text == "[verse]\nStanding in the rain\nCalling out your name", (
        "and the header is the plain one"
    )


def test_what_is_spelt_stays() -> None:
    lyrics = read_lyrics("[Verse 1]\nStanding in the rain\n我在等你")
    assert as_spelled(lyrics).lyrics is lyrics and as_spelled(lyrics).sources == (0, 1)


def test_a_long_line_is_parted_at_its_pauses() -> None:
    found = in_phones(read_lyrics(f"One\n{LONG}\nTwo"))
    assert found.sources == (0, 1, 1, 1, 2)
    parts = [row.text for row in found.lyrics.lines]
    assert " ".join(parts[1:-1]) == LONG and parts[1].endswith("road,")
    assert max(map(count_phones, parts)) <= MOST_PHONES


def test_a_long_answer_stays_whole() -> None:
    answer = f"({LONG})"
    found = in_phones(read_lyrics(f"One\n{answer}"))
    assert found.sources == (0, 1) and found.lyrics.lines[1].text == answer


@given(st.lists(st.sampled_from(["la", "wonderful,", "你好", "straße", "x", "99", "(hey)", "♪", "don't"]), max_size=60))
def test_every_line_of_a_song_has_phones(words: list[str]) -> None:
    found = in_phones(read_lyrics("\n".join(" ".join(words[i : i + 20]) for i in range(0, len(words), 20))))
    assert all(count_phones(row.text) for row in found.lyrics.lines)
    assert len(found.sources) == len(found.lyrics.lines)
    assert len(set(found.sources)) + len(found.left_out) == len(
        read_lyrics("\n".join(" ".join(words[i : i + 20]) for i in range(0, len(words), 20))).lines
    )
