import pytest

from khala.models.lm.windows import Window, Windows, windows_over


def test_a_song_no_longer_than_a_window_is_one() -> None:
    for frames in (1, 99, 100):
        assert windows_over(frames, Windows(100, 20, 10)) == [Window(0, 0, frames, frames)]
    assert windows_over(1000, None) == [Window(0, 0, 1000, 1000)]


@pytest.mark.parametrize("windows", [Windows(100, 20, 10), Windows(100, 30, 0), Windows(64, 0, 0)])
@pytest.mark.parametrize("frames", [101, 160, 161, 500])
def test_each_frame_is_decided_once_and_with_its_context(windows: Windows, frames: int) -> None:
    found = windows_over(frames, windows)
    assert [window.start for window in found] == [0, *(window.stop for window in found[:-1])]
    assert found[-1].stop == found[-1].last == frames
    for window in found:
        assert window.last - window.first <= windows.frames
        assert window.known == min(windows.before, window.start)
    for window in found[:-1]:
        assert window.last - window.first == windows.frames and window.last - window.stop == windows.behind
        assert window.decided == slice(window.known, windows.frames - windows.behind)


def test_a_song_that_goes_on_keeps_all_windows_but_the_last() -> None:
    windows = Windows(100, 20, 10)
    for frames in range(1, 400):
        known = windows_over(frames, windows)[:-1]
        assert windows_over(400, windows)[: len(known)] == known


def test_windows_that_decide_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="decide no frames"):
        Windows(30, 20, 10)
