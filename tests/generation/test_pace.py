"""When playback may begin: played through against when blocks come, in seconds that are made up."""

import numpy as np
import pytest

from khala.generation.composition import DecidedWindow, DecodedBlock
from khala.generation.pace import Pace
from khala.models.lm.windows import Windows, windows_over

RATE = 20.0  # frames a second
WINDOWS = Windows(100, 10, 10, opening=50)
EMPTY = np.zeros((2, 0), np.int16)


def pace(seconds: float, frames: int = 1000, codec: float = 0.0) -> int | None:
    """The number of the window behind which playback may begin, in a song with so many seconds of work a position."""
    its = Pace(RATE, 0, threads=1)
    assert not its.can_start(0, windows_over(frames, WINDOWS), frames, 0.0)
    for number, window in enumerate(windows_over(frames, WINDOWS)):
        read = window.last - window.first
        its.add(DecidedWindow(window.start, window.stop, read, EMPTY, None, seconds * read))
        its.add(DecodedBlock(window.start, window.stop, EMPTY.astype(np.float32), codec * (window.stop - window.start)))
        if its.can_start(window.stop, windows_over(frames, WINDOWS), frames, 0.0):
            return number
    return None


def test_a_fast_engine_begins_with_the_first_window_and_a_slow_one_later() -> None:
    began = [pace(seconds) for seconds in (0.001, 0.02, 0.05, 0.1, 1.0)]
    assert began[0] == 0 and began == sorted(began) and began[-1] == len(windows_over(1000, WINDOWS)) - 1


@pytest.mark.parametrize("seconds", [0.005, 0.01, 0.02, 0.03, 0.05, 0.2])
def test_playback_never_starves(seconds: float) -> None:
    windows, began = windows_over(1000, WINDOWS), pace(seconds)
    clock = np.cumsum([seconds * (window.last - window.first) for window in windows])
    start = clock[began]
    for window, ready in zip(windows[began + 1 :], clock[began + 1 :], strict=True):
        assert start + window.start / RATE >= ready


def test_the_codec_and_the_backbone_count() -> None:
    assert pace(0.01, codec=0.0) == 0 and pace(0.01, codec=0.03) > 0
    its, windows = Pace(RATE, 0, threads=2), windows_over(1000, WINDOWS)
    its.add(DecidedWindow(0, 40, 50, EMPTY, None, 0.01))
    assert its.can_start(40, windows, 50, 0.0) and not its.can_start(40, windows, 50, 0.1)
    assert its.can_start(40, windows, 1000, 0.1)  # it has written all


def test_the_backbone_writes_beside_other_threads_and_in_turn_with_one() -> None:
    windows = windows_over(1000, WINDOWS)
    started = []
    for threads in (1, 2):
        its = Pace(RATE, 0, threads)
        its.add(DecidedWindow(0, 40, 50, EMPTY, None, 50 * 0.014))
        started.append(its.can_start(40, windows, 150, 0.025))
    assert started == [False, True]


def test_a_song_of_one_window_waits_for_the_codec_alone() -> None:
    its, windows = Pace(RATE, 0, threads=1), windows_over(1000, None)
    its.add(DecidedWindow(0, 1000, 1000, EMPTY, None, 500.0))
    its.add(DecodedBlock(0, 100, EMPTY.astype(np.float32), 1.0))
    assert its.can_start(100, windows, 1000, 0.0)
    its.add(DecodedBlock(100, 200, EMPTY.astype(np.float32), 50.0))
    assert not its.can_start(200, windows, 1000, 0.0)
