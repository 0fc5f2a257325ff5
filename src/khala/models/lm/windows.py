"""Windows: how super-resolution goes through a long song. Needs no torch.

Attention is full within a window, so time and memory are linear in the length of a song, and its beginning is finished
before its end is known. A window reads frames on either side of those that it decides: before them with the codes that
the window before has decided, behind them with codes of its own, which the next window decides anew.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Window(NamedTuple):
    """Frames `first` to `last` of a song are read, `start` to `stop` of them decided."""

    first: int
    start: int
    stop: int
    last: int

    @property
    def known(self) -> int:
        """Number of frames that are read with the codes that the window before has decided."""
        return self.start - self.first

    @property
    def decided(self) -> slice:
        """The decided frames among those read."""
        return slice(self.start - self.first, self.stop - self.first)


@dataclass(frozen=True)
class Windows:
    """Windows that read up to `frames` frames, `before` and `behind` those that they decide. Raises ValueError if they
    decide none."""

    frames: int
    before: int
    behind: int

    def __post_init__(self) -> None:
        if min(self.before, self.behind) < 0 or self.before + self.behind >= self.frames:
            raise ValueError(f"{self} decide no frames")


SONG_WINDOWS = Windows(512, 32, 32)
"""Windows of 24 s. Decided from other context, a song becomes another rendition (`benchmarks/windows.py`): its spectra
differ by 0.18 nats from those of a pass over the whole song, where two seeds differ by 0.43; it is 0.4 dB quieter;
phones are recognised as well, and no seam stands out. More context on either side changes nothing."""


def windows_over(frames: int, windows: Windows | None) -> list[Window]:
    """Divide a song of `frames` frames into windows, of one size but for the last; without `windows`, or if the song is
    no longer than one, into a single one."""
    if windows is None or frames <= windows.frames:
        return [Window(0, 0, frames, frames)]
    found, start = list[Window](), 0
    while start < frames:
        first = max(start - windows.before, 0)
        last = min(first + windows.frames, frames)
        stop = last if last == frames else last - windows.behind
        found.append(Window(first, start, stop, last))
        start = stop
    return found
