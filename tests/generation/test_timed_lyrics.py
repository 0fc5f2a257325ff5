"""When lines and words are sung: from the index of the phones, frame by frame."""

import numpy as np
import pytest

from khala.generation.plan import plan_take
from khala.generation.timed_lyrics import model_timing
from khala.models.lm.result import BackboneResult
from khala.models.presets import mini
from khala.music.request import SongRequest
from khala.music.timing import TimedLine
from khala.weights.tokenizer import Tokenizer

REQUEST = SongRequest(tags=("pop",), lyrics="[verse]\nSing it\nAll day long\nOh", duration=12, seed=1)


def timed(lyrics: str, index: "np.ndarray", rate: float = 10.0) -> list[TimedLine]:
    """The lines of a song whose frames have these phones; 0.1 s a frame."""
    plan = plan_take(SongRequest(tags=("pop",), lyrics=lyrics, duration=30, seed=1), 1, mini(), Tokenizer.of_bytes())
    result = BackboneResult(np.zeros((2, len(index)), np.int16), True, np.asarray(index, np.int16))
    timing = model_timing(plan, result, rate)
    assert timing is not None and timing.timed_by == "model"
    return list(timing.lines)


@pytest.mark.parametrize(("heard", "sung"), [(0, False), (5, False), (6, True), (7, True)])
def test_a_line_is_sung_if_three_quarters_of_its_phones_are(heard: int, sung: bool) -> None:
    """Five phones, a rest, and so many of seven, each two frames long, after a rest of four frames."""
    lines = timed(REQUEST.lyrics, np.repeat([0, *range(7 + heard)], 2))
    assert [(line.text, line.number, line.section, line.start, line.end, line.sung) for line in lines] == [
        ("Sing it", 2, "verse", 0.4, 1.4, True),
        ("All day long", 3, "verse", 1.6 if heard else None, (16 + 2 * heard) / 10 if heard else None, sung),
        ("Oh", 4, "verse", None, None, False),
    ]


def test_every_word_has_its_frames() -> None:
    lines = timed(REQUEST.lyrics, np.repeat([0, *range(7 + 3)], 2))
    assert [(word.text, word.start, word.end) for line in lines for word in line.words] == [
        ("Sing", 0.4, 1.0),
        ("it", 1.0, 1.4),
        ("All", 1.6, 2.0),
        ("day", 2.0, 2.2),
        ("long", None, None),
        ("Oh", None, None),
    ]


def test_a_word_that_comes_twice_has_two_times() -> None:
    (line,) = timed("[verse]\nOh la la", np.arange(7))
    assert [word.start for word in line.words] == [0.1, 0.2, 0.4]


def test_words_that_are_left_out_have_no_time_and_move_no_others() -> None:
    lines = timed("[verse]\n我们 sing 你 it\n你好吗\nOh", np.arange(9))
    assert [(word.text, word.start) for word in lines[0].words] == [
        ("我们", None),
        ("sing", 0.1),
        ("你", None),
        ("it", 0.4),
    ]
    assert (lines[1].start, lines[1].sung, [word.start for word in lines[1].words]) == (None, False, [None])
    assert lines[2].words[0].start == 0.7


def test_the_words_of_a_long_line_are_sung_in_parts() -> None:
    words = [
        "remember",
        "every",
        "morning",
        "when",
        "the",
        "summer",
        "wind",
        "was",
        "blowing",
        "over",
        "golden",
        "fields",
    ]
    (line,) = timed(f"[verse]\n{' '.join(words)}", np.arange(300))
    assert [word.text for word in line.words] == words
    starts = [word.start for word in line.words]
    assert None not in starts and starts == sorted(starts) and line.start == starts[0] == 0.1
    assert line.sung and line.end == line.words[-1].end


def test_a_line_that_comes_twice_has_two_times() -> None:
    one, other = timed("[chorus]\nSing it (x2)", np.arange(13))
    assert (one.number, one.start, other.number, other.start) == (2, 0.1, 2, 0.7)
    assert [word.start for word in other.words] == [0.7, 1.0]


def test_a_model_without_phones_knows_nothing() -> None:
    plan = plan_take(REQUEST, 1, mini(), Tokenizer.of_bytes())
    assert model_timing(plan, BackboneResult(np.zeros((2, 9), np.int16), True), 10.0) is None
