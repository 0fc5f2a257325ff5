"""Timed lines as JSON, and the lines of lyrics before their times are known."""

import json

import pytest

from khala.music.reading import read_lyrics
from khala.music.timing import TimedLine, TimedWord, has_times, untimed

LINE = TimedLine("Sing 你", 2, "verse", 1.0, 2.5, True, (TimedWord("Sing", 1.0, 2.5), TimedWord("你")))


def test_json_keeps_everything() -> None:
    assert TimedLine.from_dict(json.loads(json.dumps(LINE.to_dict()))) == LINE
    unheard = TimedLine("Sing", None, "", words=(TimedWord("Sing"),))
    assert TimedLine.from_dict(unheard.to_dict()) == unheard


def test_older_records_know_lines_alone() -> None:
    fields = {"line": 3, "text": "Sing it", "start": 0.4, "end": 1.4, "sung": False}
    assert TimedLine.from_dict(fields) == TimedLine("Sing it", 3, "", 0.4, 1.4, False)


@pytest.mark.parametrize(
    "fields", [{}, {"text": "a", "sung": True}, {"text": "a", "start": "x", "end": 1, "sung": True}]
)
def test_anything_else_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises((ValueError, LookupError)):
        TimedLine.from_dict(fields)


def test_lines_of_lyrics_by_section_and_number() -> None:
    lines = untimed(read_lyrics("Hey\n[verse]\nSing it\n\n[chorus x2]\n你好 oh"))
    assert [(line.number, line.section, line.text) for line in lines] == [
        (1, "", "Hey"),
        (3, "verse", "Sing it"),
        (6, "chorus", "你好 oh"),
        (6, "chorus", "你好 oh"),
    ]
    assert [word.text for word in lines[2].words] == ["你好", "oh"]
    assert not has_times(lines) and has_times([*lines, LINE]) and not has_times([])
