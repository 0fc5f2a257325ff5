"""Lyrics with times: every notation in use gives the same lines, whatever else stands in the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.lrc import Lrc, LrcLine, is_lrc, parse_lrc


def texts(lrc: str) -> list[str]:
    return [line.text for line in parse_lrc(lrc).lines]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("[00:01]", 1.0),
        ("[1:2]", 62.0),
        ("[00:01.5]", 1.5),
        ("[00:01.50]", 1.5),
        ("[00:01.500]", 1.5),
        ("[00:01:50]", 1.5),
        ("[00:01,50]", 1.5),
        ("[00:00:01.50]", 1.5),
        ("[01:00:01,50]", 3601.5),
        ("[120:00.00]", 7200.0),
        (" [ 00:01.50 ] ", 1.5),
    ],
)
def test_notations_of_times(stamp: str, seconds: float) -> None:
    assert is_lrc(f"{stamp}la")
    assert parse_lrc(f"{stamp}la la\r\n").lines == (LrcLine(seconds, "la la"),)


def test_lines_come_in_time_as_often_as_they_have_times() -> None:
    assert parse_lrc("\ufeff[00:10.00] [00:01.00]La\n\n[00:04.00]\n[00:06]Lo").lines == (
        LrcLine(1.0, "La"),
        LrcLine(4.0, ""),
        LrcLine(6.0, "Lo"),
        LrcLine(10.0, "La"),
    )


def test_an_offset_brings_them_forward_but_not_before_the_song() -> None:
    assert [line.seconds for line in parse_lrc("[00:00.20]a\n[offset: +500 ]\n[00:02]b").lines] == [0.0, 1.5]
    assert [line.seconds for line in parse_lrc("[offset:-500]\n[00:02]b").lines] == [2.5]
    assert [line.seconds for line in parse_lrc("[offset:soon]\n[00:02]b").lines] == [2.0]


def test_times_of_words_are_dropped_and_join_syllables() -> None:
    assert texts("[00:01]<00:01.00>Hel<00:01.20>lo <00:01.50>there<00:02,00> again <00:00:03.00>") == [
        "Hello there again"
    ]
    assert texts("[00:01.00]Hel[00:01.20]lo [00:01.50]there") == ["Hello there"]


def test_id_tags_are_known_by_their_shape() -> None:
    found = parse_lrc(
        "[id:ab12]\n[TI: Harbour [Live] ]\n[total:10000]\n[sign:]\n[#:x][t_time:(1:0)]\n[00:01]la\n[by:me]"
    )
    assert found.lines == (LrcLine(1.0, "la"),)
    assert found.tags == {
        "id": "ab12",
        "ti": "Harbour [Live]",
        "total": "10000",
        "sign": "",
        "#": "x",
        "t_time": "(1:0)",
        "by": "me",
    }


@pytest.mark.parametrize(
    "header", ["[Chorus: all voices]", "[verse 2: Anna]", "[Verse]", "[PreChorus:x]", "[pre-chorus: x]", "[副歌: x]"]
)
def test_section_headers_stay(header: str) -> None:
    assert parse_lrc(f"{header}\n[00:01]la") == Lrc((LrcLine(None, header), LrcLine(1.0, "la")), {})
    assert parse_lrc(f"[00:00.50]{header}\n[00:01]la") == Lrc((LrcLine(0.5, header), LrcLine(1.0, "la")), {})


def test_what_has_no_time_keeps_its_neighbour() -> None:
    """A translation stays behind its line, a header before its line; a chorus that comes back brings its header."""
    lrc = "[Chorus]\n[00:10][01:00]La\nTra\n[Verse 2]\n[00:30]Lo\n[01:10]\n[Outro]\nla"
    assert parse_lrc(lrc).lines == (
        LrcLine(None, "[Chorus]"),
        LrcLine(10.0, "La"),
        LrcLine(None, "Tra"),
        LrcLine(None, "[Verse 2]"),
        LrcLine(30.0, "Lo"),
        LrcLine(None, "[Chorus]"),
        LrcLine(60.0, "La"),
        LrcLine(70.0, ""),
        LrcLine(None, "[Outro]"),
        LrcLine(None, "la"),
    )


def test_credits_before_the_first_line_are_dropped() -> None:
    credits = (
        "作词 : 某人",
        "作曲：某人",
        "编曲 : 某人/某人",
        "制作人 : 某人",
        "混音师/母带工程师: X",
        "词：X",
        "Composed by: X",
        "Lyrics by：X",
        "Lyricist: X",
        "Words and music by: X",
        '{"t":0,"c":[{"tx":"作词: "}]}',
        "晴天 - 某人",
    )
    opening = "".join(f"[00:00.{at:02}]{line}\n" for at, line in enumerate(credits))
    assert texts(f"[ti:晴天]\n{opening}[00:20]Sing\n[00:22]Music: it heals") == ["Sing", "Music: it heals"]
    for sung in ("她说：你好", "曲终人散她说：走", "Music is all", "Written on the wall: your name", "I said: stay"):
        assert texts(f"[00:01]{sung}") == [sung]


def test_text_without_times_is_left_alone() -> None:
    text = "[Anna: softly]\nLine one\n[Chorus]\nAt 10:30 we go"
    assert not is_lrc(text)
    assert texts(text) == text.splitlines() and parse_lrc(text).tags == {}


pieces = st.sampled_from(
    ["[00:01.00]", "[1:2]", "[99:59]", "[verse]", "[ar:x]", "[offset:-9]", "<00:01>", "[", "la", "\n"]
)


@given(st.lists(pieces | st.text(max_size=5), max_size=30).map("".join))
def test_whatever_the_text_lines_lie_in_order(text: str) -> None:
    lines = parse_lrc(text).lines
    times = [line.seconds for line in lines if line.seconds is not None]
    assert times == sorted(times) and all(time >= 0 for time in times)
    assert all(line.text or line.seconds is not None for line in lines)
