"""Condition ids laid out by the positions of a language model. Needs no torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from khala.models.lm.config import PAD_ID

ConditionIds = NDArray[np.int64]
"""Rows of a model's table of conditions, C for every position or frame."""


def condition_stream(prompt_rows: Sequence[int], frame_rows: Sequence[Sequence[int]]) -> ConditionIds:
    """Lay out condition ids by position: N of a prompt, one each, and T + 1 frames, C each -> [N + 2 T, C].

    A position has the conditions of the frame that it predicts a code of: the last of the prompt those of the first
    frame, and so on.
    """
    frames = np.repeat(np.array(frame_rows, np.int64), 2, axis=0)[:-1]  # no position predicts q1 of frame T + 1
    rows = np.full((len(prompt_rows) + 2 * len(frame_rows) - 2, frames.shape[1]), PAD_ID, np.int64)
    rows[: len(prompt_rows), 0] = prompt_rows
    rows[len(prompt_rows) - 1 :] = frames
    return rows
