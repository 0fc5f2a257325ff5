"""What may lead a song while it is decoded."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from khala.models.lm.conditions import ConditionIds


class FrameGuide(Protocol):
    """Leads the takes of a decode batch, told apart by index, from frame to frame (`conditioning.aligner`)."""

    head_rows: Sequence[int]
    """The P ids of which it wants the logits."""

    def condition_ids(self, takes: Sequence[int], frame: int) -> ConditionIds:
        """Conditions of `frame`, the last one that was advanced to, [takes, C]: added to those of the slots."""

    def conditions_from(self, take: int, first: int, frame: int) -> ConditionIds:
        """Conditions of frames `first` to `frame`, the last one that was advanced to, of a window that begins there,
        [frame + 1 - first, C]."""

    def advance(self, takes: Sequence[int], frame: int, logits_BP: NDArray[np.float32]) -> None:
        """Take in the logits of `head_rows` [takes, P] where `frame` is about to be written."""

    def unfinished(self, takes: Sequence[int], frame: int) -> NDArray[np.bool_]:
        """Takes that must not end in `frame`, bool [takes]."""

    def phone_index(self, take: int, frames: int) -> NDArray[np.int16] | None:
        """Where the guide was in a take's phones, int16 [frames]; None for a take that it does not lead."""
