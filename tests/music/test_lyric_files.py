"""Timed lyrics in five formats, read back by the parsers of this project and by their own rules."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.lrc import parse_lrc
from khala.music.lyric_files import LYRIC_FORMATS, LYRIC_SUFFIXES, lyric_file
from khala.music.reading import read_lyrics
from khala.music.timing import TimedLine, TimedWord

ONE = TimedLine("Sing it", 2, "verse", 1.234, 2.0, True, (TimedWord("Sing", 1.234, 1.5), TimedWord("it", 1.5, 2.0)))
LEFT_OUT = TimedLine("Not sung", 3, "verse", words=(TimedWord("Not"), TimedWord("sung")))
MIXED = TimedLine(
    "oh 你 <yeah>",
    4,
    "chorus",
    61.0,
    62.5,
    True,
    (TimedWord("oh", 61.0, 61.5), TimedWord("你"), TimedWord("<yeah>", 61.5, 62.5)),
)
LATE = TimedLine("The end", 5, "outro", 3599.999, 3601.0, True)
LINES = [ONE, LEFT_OUT, MIXED, LATE]


def test_lrc() -> None:
    assert lyric_file(LINES, "lrc", "Our\nsong").splitlines() == [
        "[ti:Our song]",
        "[00:01.23]Sing it",
        "[00:02.00]",
        "[01:01.00]oh 你 <yeah>",
        "[01:02.50]",
        "[60:00.00]The end",
        "[60:01.00]",
    ]
    close = [TimedLine("a", 1, "", 1.0, 2.0, True), TimedLine("b", 2, "", 4.9, 5.0, True)]
    assert lyric_file(close, "lrc") == "[00:01.00]a\n[00:04.90]b\n[00:05.00]\n", "a short pause does not end a line"


def test_lrc_with_every_word() -> None:
    assert lyric_file(LINES, "elrc").splitlines()[:3] == [
        "[00:01.23] <00:01.23> Sing <00:01.50> it <00:02.00>",
        "[00:02.00]",
        "[01:01.00] <01:01.00> oh 你 <01:01.50> <yeah> <01:02.50>",
    ]
    assert "[60:00.00]The end" in lyric_file(LINES, "elrc"), "a line whose words have no times"


def test_web_subtitles() -> None:
    assert lyric_file(LINES, "vtt", "A & B") == (
        "WEBVTT - A &amp; B\n\n"
        "00:00:01.234 --> 00:00:02.000\nSing <00:00:01.500><c>it</c>\n\n"
        "00:01:01.000 --> 00:01:02.500\noh 你 <00:01:01.500><c>&lt;yeah&gt;</c>\n\n"
        "00:59:59.999 --> 01:00:01.000\nThe end\n"
    )


def test_video_subtitles() -> None:
    assert lyric_file(LINES, "srt") == (
        "1\n00:00:01,234 --> 00:00:02,000\nSing it\n\n"
        "2\n00:01:01,000 --> 00:01:02,500\noh 你 <yeah>\n\n"
        "3\n00:59:59,999 --> 01:00:01,000\nThe end\n"
    )


def test_json_holds_every_line() -> None:
    assert [TimedLine.from_dict(line) for line in json.loads(lyric_file(LINES, "json"))] == LINES
    assert json.loads(lyric_file([], "json")) == []


@pytest.mark.parametrize("format", LYRIC_FORMATS)
def test_nothing_is_written_of_lines_without_times_but_in_json(format: str) -> None:
    assert ("Not" in lyric_file(LINES, format)) == (format == "json")
    assert LYRIC_SUFFIXES[format].endswith(("json", "lrc", format))
    assert len(lyric_file([LEFT_OUT], format)) < 20 or format == "json"


words = st.lists(st.text("ab<>[]&-:1 é你", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=5)


@given(st.lists(words, max_size=5), st.data())
def test_whatever_the_words_are_times_survive(lines: list[list[str]], data: st.DataObject) -> None:
    now, timed = 0.0, []
    for line in lines:
        its = []
        for word in line:
            start, now = now, now + data.draw(st.floats(0.01, 20))
            its.append(TimedWord("-".join(word.split()), round(start, 3), round(now, 3)))
        timed.append(TimedLine(" ".join(word.text for word in its), 1, "", its[0].start, its[-1].end, True, tuple(its)))
    starts = [line.start for line in timed]
    for format in ("lrc", "elrc"):
        rows = [row for row in parse_lrc(lyric_file(timed, format)).lines if row.text]
        kept = [line for line in timed if not _is_credit(line.text)]
        if len(kept) == len(timed):
            assert [row.seconds for row in rows] == pytest.approx(starts, abs=0.00501)
    cues = re.findall(r"^(\d+):(\d+):(\d+\.\d+) --> ", lyric_file(timed, "vtt"), re.MULTILINE)
    assert [3600 * int(h) + 60 * int(m) + float(s) for h, m, s in cues] == pytest.approx(starts, abs=0.00051)
    for line in lyric_file(timed, "vtt").splitlines():
        assert re.sub(r"<(\d\d:\d\d:\d\d\.\d{3}|/?c)>", "", line).count("<") == 0
        assert all(one < other for one, other in pairwise(re.findall(r"<(\d\d:\d\d:\d\d\.\d{3})>", line)))
    assert len(re.findall(r"^\d+\n\d\d:", lyric_file(timed, "srt"), re.MULTILINE)) == len(timed)


def _is_credit(text: str) -> bool:
    return ":" in text or "-" in text


@pytest.mark.parametrize("format", ["lrc", "elrc", "vtt", "srt"])
def test_the_words_can_be_given_as_lyrics_again(format: str) -> None:
    plain = [ONE, TimedLine("All day long", 3, "verse", 3.0, 4.0, True)]
    read = read_lyrics(lyric_file(plain, format, "Title"))
    assert [row.text for row in read.lines] == ["Sing it", "All day long"]
