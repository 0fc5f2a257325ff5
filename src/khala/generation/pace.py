"""Whether a song can be heard while it is made without a stall."""

from collections.abc import Sequence

from khala.generation.composition import DecidedWindow, DecodedBlock
from khala.models.lm.windows import Window

SAFETY = 1.25
"""What is predicted is taken to last so many times longer: a neighbour may begin to compute."""


class Pace:
    """How fast a song is made: what its last window and its last block took says when the next ones come."""

    def __init__(self, frame_rate: float, prompt: int, threads: int) -> None:
        """`prompt`: positions of a pass before those of frames. So many `threads` refine windows side by side."""
        self._frame_rate, self._prompt, self._threads = frame_rate, prompt, threads
        self._per_position = self._per_frame = 0.0  # seconds in super-resolution, in the codec
        self._decided = self._decoded = 0

    def add(self, news: DecidedWindow | DecodedBlock) -> None:
        """Take in how long something took."""
        if isinstance(news, DecodedBlock):
            self._decoded, self._per_frame = news.stop, news.seconds / (news.stop - news.first)
            return
        self._decided = news.stop
        if news.seconds:  # a window that was known takes none
            self._per_position = news.seconds / (self._prompt + news.read)

    def can_start(self, heard: int, windows: Sequence[Window], written: int, per_frame_written: float) -> bool:
        """Return whether playback that begins now, with so many frames to be heard, will always have some, in a song of
        these windows. The backbone has `written` so many, and takes `per_frame_written` seconds for each that is left:
        in between, or on a thread of its own, which then helps."""
        if not heard:
            return False
        behind, available = self._decided - heard, heard / self._frame_rate
        to_come = [window for window in windows if window.stop > self._decided]
        if not to_come:
            return self._rest_is_faster(windows[-1].stop, heard)
        all_written = (windows[-1].stop - written) * per_frame_written
        clock = begins = 0.0
        for number, window in enumerate(to_come):
            before, begins = begins, max(0, window.last - written) * per_frame_written
            clock = clock + begins - before if self._threads == 1 else max(clock, begins)
            helpers = self._threads if number and clock >= all_written else 1
            clock += (self._prompt + window.last - window.first) * self._per_position / helpers
            clock += (window.stop - window.start) * self._per_frame
            if SAFETY * clock > available:
                return False
            available = (window.stop - behind) / self._frame_rate
        return True

    def _rest_is_faster(self, frames: int, heard: int) -> bool:
        """Whether the codec is ahead of playback to the end."""
        return SAFETY * (frames - self._decoded) * self._per_frame <= heard / self._frame_rate or (
            SAFETY * self._per_frame * self._frame_rate < 1
        )
