"""The phones of a line on the grid of the codec's frames.

A model learns what is sung frame by frame. Where in a frame a burst lies is nothing that it could be told: a phone that
begins where a frame does sounds the same every time, and each has a frame of its own.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import isotonic_regression

from khala.corpus.data.audio_format import FRAME_RATE


def on_frames(times: Sequence[float], shortest: Sequence[int], weights: Sequence[float]) -> list[float]:
    """Move `times` in seconds, in order, as little as possible (by their `weights`) to where frames begin, each at
    least `shortest` frames behind the one before; of the first that number says nothing."""
    room = np.cumsum(shortest)
    kept = isotonic_regression(np.asarray(times) * FRAME_RATE - room, weights=weights).x
    frames: list[float] = ((np.rint(kept) + room) / FRAME_RATE).tolist()
    return frames
