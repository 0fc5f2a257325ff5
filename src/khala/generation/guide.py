"""What may lead a song while it is decoded."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


class FrameGuide(Protocol):
    """Leads the takes of a decode batch, told apart by index, from frame to frame (`conditioning.aligner`)."""

    def condition_ids(self, takes: Sequence[int], frame: int) -> Tensor:
        """Conditions of `frame`, the last one that was advanced to, [takes, C]: added to those of the slots."""

    def advance(self, takes: Sequence[int], frame: int, hidden_B1D: Tensor) -> None:
        """Take in the hidden states [takes, 1, D] from which `frame` is about to be written."""

    def unfinished(self, takes: Sequence[int], frame: int) -> Tensor:
        """Takes that must not end in `frame`, bool [takes]."""

    def phone_index(self, take: int, frames: int) -> NDArray[np.int16] | None:
        """Where the guide was in a take's phones, int16 [frames]; None for a take that it does not lead."""
