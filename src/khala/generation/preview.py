"""What is heard of a song before it is mastered: the samples of the codec at a gain that is set at the beginning.

How loud a song will be is not known from its beginning: the first 7 s are 3 LU quieter than songs, with a spread of
2.4 LU, and the gain that a whole song needs spreads by 1 dB about its mean (docs/live.md). So a preview keeps to the
mean, or less where that would be too loud, and the file is mastered when the song is whole (`generation.finish`).
"""

import math

import numpy as np

from khala.audio.fades import fade_out
from khala.audio.limiter import limit
from khala.audio.loudness import TARGET_LUFS, integrated_loudness
from khala.audio.samples import Samples
from khala.generation.finish import CUT_FADE, end_fade

SUNG_GAIN_DB, INSTRUMENTAL_GAIN_DB = 2.0, 3.5
"""What songs of Khala Mini need on the average."""
CONTEXT_SECONDS = 1.0
"""The limiter has forgotten what came before, to less than 1e-5."""
AHEAD_FRAMES = 1
"""More than the limiter looks ahead."""


class Preview:
    """A song that is heard while it is made. `rate` in Hz; a frame has `hop` samples; its beginning may lower the gain
    in dB."""

    def __init__(self, rate: int, hop: int, max_frames: int, gain: float) -> None:
        self._rate, self._hop, self._gain = rate, hop, gain
        self._raw_2N = np.empty((2, max_frames * hop), np.float32)
        self._decoded = self._heard = 0  # frames
        self._fade_frames = math.ceil(CUT_FADE * rate / hop)

    @property
    def raw(self) -> Samples:
        """The samples that were added, [2, n]."""
        return self._raw_2N[:, : self._decoded * self._hop]

    @property
    def heard(self) -> int:
        """Frames that can be heard."""
        return self._heard

    def add(self, block_2N: Samples) -> None:
        """Append a block of what the codec gives, whole frames."""
        if not self._decoded:
            loudness = integrated_loudness(block_2N, self._rate)
            if loudness is not None:  # a song is at least about as loud as its beginning
                self._gain = min(self._gain, TARGET_LUFS - loudness)
        self._raw_2N[:, self._decoded * self._hop :][:, : block_2N.shape[1]] = block_2N
        self._decoded += block_2N.shape[1] // self._hop

    def go_on(self, written: int) -> Samples:
        """Return what can be heard now of a song that has so many frames at least, [2, n], and was not heard before."""
        stop = min(self._decoded - AHEAD_FRAMES, written - self._fade_frames)
        return self._limited(max(stop, self._heard), 0.0)

    def end(self, truncated: bool) -> Samples:
        """Return the rest of a song that is decoded as a whole, with the fade that it ends with."""
        return self._limited(self._decoded, end_fade(self.raw, truncated, self._rate))

    def _limited(self, stop: int, fade: float) -> Samples:
        first, start = max(self._heard - math.ceil(CONTEXT_SECONDS * self._rate / self._hop), 0), self._heard
        last = min(stop + AHEAD_FRAMES, self._decoded)
        stretch_2N = self._raw_2N[:, first * self._hop : last * self._hop]
        if fade:
            stretch_2N = fade_out(stretch_2N, fade, self._rate)
        self._heard = stop
        if start == stop:
            return stretch_2N[:, :0]
        limited_2N = limit(stretch_2N, self._rate, factor=10 ** (self._gain / 20))
        return limited_2N[:, (start - first) * self._hop : (stop - first) * self._hop]
