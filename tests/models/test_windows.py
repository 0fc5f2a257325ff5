import pytest

from khala.models.lm.windows import Window, Windows, windows_between, windows_over


def test_a_song_no_longer_than_a_window_is_one() -> None:
    for frames in (1, 99, 100):
        assert windows_over(frames, Windows(100, 20, 10)) == [Window(0, 0, frames, frames)]
        assert windows_over(frames, Windows(200, 20, 10, 100)) == [Window(0, 0, frames, frames)]
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


def test_the_first_window_may_be_shorter() -> None:
    first, second, *rest = windows_over(1000, Windows(100, 20, 10, 50))
    assert (first, second) == (Window(0, 0, 40, 50), Window(20, 40, 110, 120))
    assert all(window.last - window.first == 100 for window in rest[:-1])


@pytest.mark.parametrize("opening", [0, 40])
def test_a_song_that_goes_on_keeps_all_windows_but_the_last(opening: int) -> None:
    windows = Windows(100, 20, 10, opening)
    for frames in range(1, 400):
        known = windows_over(frames, windows)[:-1]
        assert windows_over(400, windows)[: len(known)] == known


def test_windows_that_decide_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="decide no frames"):
        Windows(30, 20, 10)
    for opening in (-1, 10, 101):
        with pytest.raises(ValueError, match="decide no frames"):
            Windows(100, 20, 10, opening)


@pytest.mark.parametrize("windows", [None, Windows(64, 8, 8)])
@pytest.mark.parametrize("spans", [[(10, 30)], [(0, 200)], [(40, 130), (134, 150)], [(150, 200)]])
def test_spans_are_decided_between_what_is_known(windows: Windows | None, spans: list[tuple[int, int]]) -> None:
    found = windows_between(spans, 200, windows)
    decided = [frame for window in found for frame in range(window.start, window.stop)]
    assert decided == [frame for begin, end in spans for frame in range(begin, end)]
    begins = {begin for begin, _ in spans}
    ahead = [begin for begin, _ in spans[1:]] + [200]
    for window in found:
        assert 0 <= window.first <= window.start < window.stop <= window.last <= 200
        assert windows is None or window.last - window.first <= windows.frames
        if window.between:  # behind it nothing is written anew before the next span
            assert window.stop in {end for _, end in spans}
            assert window.last <= min(begin for begin in ahead if begin >= window.stop)
        assert window.start in begins or any(before.stop == window.start for before in found)
