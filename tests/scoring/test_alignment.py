"""When words are sung: against the truth of a composed song, and with words that are not sung, or cannot be read."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.music.phones import LETTERS
from khala.music.spoken import spoken_words
from khala.music.timing import TimedLine, has_times
from khala.scoring.alignment import align_lyrics, align_words
from khala.scoring.words import PhonePosteriors, listen

CLASSES = 1 + len(LETTERS)


def hear(*sung: str, frames: int = 3, rest: int = 20) -> PhonePosteriors:
    """What a recogniser hears that is almost sure: each line's phones, so many frames long, and rests around lines."""
    classes = [0] * rest
    for line in sung:
        letters = "".join(phones for _, phones in spoken_words(line))
        classes += [1 + LETTERS.index(letter) for letter in letters for _ in range(frames)] + [0] * rest
    heard = np.full((len(classes), CLASSES), 0.1 / (CLASSES - 1))
    heard[np.arange(len(classes)), classes] = 0.9
    return PhonePosteriors(np.log(heard), np.log(heard), frame_rate=10.0)


def starts(lines: list[TimedLine]) -> list[float | None]:
    return [line.start for line in lines]


@pytest.fixture(scope="module")
def song(sung: Path) -> tuple[PhonePosteriors, dict]:
    return listen(*read_audio(sung)), json.loads(sung.with_suffix(".json").read_text())


def test_words_of_a_song_are_found_where_they_are_sung(song: tuple[PhonePosteriors, dict]) -> None:
    heard, fields = song
    lines = align_words(heard, fields["lyrics"])
    found = [word.start for line in lines for word in line.words]
    truth = [word["start"] for word in fields["truth"]["words"]]
    errors = np.abs(np.array(found, float) - np.array(truth))
    assert np.median(errors) < 0.03 and np.percentile(errors, 90) < 0.15
    assert all(line.sung and line.start == line.words[0].start and line.end == line.words[-1].end for line in lines)


def test_lines_that_are_not_sung_have_no_time_and_move_no_others(song: tuple[PhonePosteriors, dict]) -> None:
    heard, fields = song
    lyrics = fields["lyrics"].split("\n")
    foreign = ["Bicycles of purple plastic", "Jumping over huge volcanoes", "Please forget the dishwasher"]
    before = align_words(heard, "\n".join(lyrics))
    with_others = align_words(heard, "\n".join([lyrics[0], foreign[0], *lyrics[1:], *foreign[1:]]))
    assert [line.start for line in with_others if line.text in foreign] == [None] * 3
    assert [line.words for line in with_others if line.text not in foreign] == [line.words for line in before]


def test_exact_times_and_a_line_passed_over() -> None:
    lines = align_words(hear("sing it", "all day"), "[verse]\nSing it\nNever mind\n[chorus]\nAll day")
    assert starts(lines) == [2.0, None, 5.5]  # 20 frames of rest, 15 of phones, 20 of rest
    assert [(word.text, word.start, word.end) for word in lines[0].words] == [("Sing", 2.0, 2.9), ("it", 2.9, 3.5)]
    assert [line.sung for line in lines] == [True, None, True] and [line.number for line in lines] == [2, 3, 5]


def test_a_chorus_that_comes_twice_has_two_times() -> None:
    lines = align_words(hear("hold on", "never mind", "hold on"), "Hold on\nNever mind\nHold on")
    assert starts(lines)[0] == 2.0 and all(starts(lines)) and sorted(starts(lines)) == starts(lines)
    once = align_words(hear("hold on", "never mind"), "Hold on\nNever mind\nHold on")
    assert once[2].start is None and starts(once)[:2] == starts(lines)[:2]


def test_singing_that_is_not_in_the_lyrics_moves_no_word() -> None:
    heard = hear("every moment of my life", "sing it", "nobody remembers that")
    (line,) = align_words(heard, "Sing it")
    first = 2.0 + 0.3 * len("".join(phones for _, phones in spoken_words("every moment of my life"))) + 2.0
    assert line.start == pytest.approx(first)


def test_words_in_other_scripts_have_no_time_and_break_no_others() -> None:
    lines = align_words(hear("sing it", "all day"), "Sing 你好 it\n我们\n- -\nAll day")
    assert starts(lines) == [2.0, None, 5.5]  # a line without letters is none
    assert [word.start for word in lines[0].words] == [2.0, None, 2.9]


def test_equal_phones_side_by_side_need_no_rest() -> None:
    (line,) = align_words(hear("this song", frames=1, rest=2), "This song")
    assert line.start == 0.2 and line.words[1].start == 0.5


@pytest.mark.parametrize("lyrics", ["", "[verse]\n\n[chorus]", "你好\n[chorus]\n我们", "..."])
def test_lyrics_without_readable_words_have_no_times(lyrics: str) -> None:
    assert not has_times(align_words(hear("sing it"), lyrics))


def test_silence_and_no_sound_at_all_have_no_words() -> None:
    for samples in (np.zeros((2, 44100 * 8), np.float32), np.zeros((1, 0), np.float32)):
        lines = align_lyrics(samples, 44100, "Sing with me until the day")
        assert len(lines) == 1 and not has_times(lines)


def test_more_words_than_time() -> None:
    lines = align_words(hear("sing it"), "\n".join(["Sing it"] * 50))
    assert 1 <= sum(line.start is not None for line in lines) <= 3


def test_a_long_song_needs_little_memory() -> None:
    """Every step of every path would be 60 MB."""
    frames = np.log(np.full((10_000, CLASSES), 1 / CLASSES, np.float32))
    lyrics = "\n".join(["Sing with me until the day is long"] * 120)
    tracemalloc.start()
    align_words(PhonePosteriors(frames, frames), lyrics)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
