"""Windows: how super-resolution goes through a long song. Needs no torch.

Attention is full within a window, so time and memory are linear in the length of a song, and its beginning is finished
before its end is known. A window reads frames on either side of those that it decides: before them with the codes that
the window before has decided, behind them with codes of its own, which the next window decides anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Window(NamedTuple):
    """Frames `first` to `last` of a song are read, `start` to `stop` of them decided. `between`: those behind are
    known, too."""

    first: int
    start: int
    stop: int
    last: int
    between: bool = False

    @property
    def known(self) -> int:
        """Number of frames that are read with the codes that the window before has decided."""
        return self.start - self.first

    @property
    def behind(self) -> int:
        """Number of frames behind the decided ones that are read with their known codes."""
        return (self.last - self.stop) * self.between

    @property
    def decided(self) -> slice:
        """The decided frames among those read."""
        return slice(self.start - self.first, self.stop - self.first)


@dataclass(frozen=True)
class Windows:
    """Windows that read up to `frames` frames, `before` and `behind` those that they decide; the first one reads up to
    `opening` (0: as the others), so that a song can be heard early. Raises ValueError if they decide none."""

    frames: int
    before: int
    behind: int
    opening: int = 0

    def __post_init__(self) -> None:
        if min(self.before, self.behind, self.opening) < 0 or self.before + self.behind >= self.frames:
            raise ValueError(f"{self} decide no frames")
        if self.opening and not self.behind < self.opening <= self.frames:
            raise ValueError(f"{self} decide no frames")


SONG_WINDOWS = Windows(512, 32, 32, opening=216)
"""Windows of 24 s, the first of 10 s. Decided from other context, a song becomes another rendition
(`benchmarks/windows.py`): its spectra differ by 0.18 nats from those of a pass over the whole song, where two seeds
differ by 0.43; it is 0.4 dB quieter; phones are recognised as well, and no seam stands out. More context on either side
changes nothing."""


def windows_over(frames: int, windows: Windows | None) -> list[Window]:
    """Divide a song of `frames` frames into windows, of one size but for the first and the last; without `windows`, or
    if the song is no longer than the first, into a single one."""
    if windows is None:
        return [Window(0, 0, frames, frames)]
    found, start = list[Window](), 0
    while start < frames:
        first = max(start - windows.before, 0)
        size = windows.frames if start else windows.opening or windows.frames
        last = min(first + size, frames)
        stop = last if last == frames else last - windows.behind
        found.append(Window(first, start, stop, last))
        start = stop
    return found


def windows_between(spans: Sequence[tuple[int, int]], frames: int, windows: Windows | None) -> list[Window]:
    """Divide what is written anew of a song of `frames` frames, the `spans` (first frame, frame after the last) in
    order, into windows. What lies between spans, before and behind them, is known."""
    found = []
    for (begin, end), (following, _) in zip(spans, [*spans[1:], (frames, frames)], strict=True):
        if windows is None:
            found.append(Window(0, begin, end, following, between=True))
            continue
        start = begin
        while start < end:
            first = max(start - windows.before, 0)
            behind = min(end + windows.behind, following)
            if first + windows.frames >= behind:
                found.append(Window(first, start, end, behind, between=True))
                break
            last = first + windows.frames
            found.append(Window(first, start, last - windows.behind, last))
            start = last - windows.behind
    return found
