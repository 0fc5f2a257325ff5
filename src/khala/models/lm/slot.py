"""What the backbone continues."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from khala.models.lm.conditions import ConditionIds
from khala.music.request import Sampling


@dataclass(frozen=True)
class LaterWindow:
    """What the backbone reads in the place of all before once a take has `start` frames: a prompt, then the take's
    codes from frame `first` on. Conditions are those of every position from there on, as in `Slot`."""

    first: int
    start: int
    prompt_ids: Sequence[int]
    condition_ids: ConditionIds | None = None
    uncond_condition_ids: ConditionIds | None = None


@dataclass(frozen=True)
class Slot:
    """One take's place in a decode batch: what it continues, how long it may get, how its codes are drawn.

    `later` are the windows of a take that is longer than what its model was trained on, in order; prompt and conditions
    of the slot are then those of the frames before the first of them.
    """

    prompt_ids: Sequence[int]
    seed: int
    max_frames: int
    sampling: Sampling
    target_frames: int = 0
    """Where the song is to end, for models that do not keep to the length in their prompt; 0: where it ends."""
    uncond_ids: Sequence[int] = ()
    """The prompt that guidance leads away from. Needed where `sampling.guidance` is not 1."""
    condition_ids: ConditionIds | None = None
    uncond_condition_ids: ConditionIds | None = None
    """Rows of the model's table of conditions for every position behind either prompt, [N + 2 T, C]
    (`models.lm.conditions.condition_stream`), for a model that has one."""
    known: NDArray[np.int16] | None = None
    """Codes [2, T] of the take's first T frames that are not drawn: they are stepped through as if they had been, so
    what follows is the same, up to ties on another processor. Negative ones are drawn; the song does not end among
    them."""
    later: Sequence[LaterWindow] = ()

    def positions(self, tokens: int) -> int:
        """The most positions that its sequence has at a time until it has so many tokens."""
        begins = [(0, self.prompt_ids), *((2 * window.first, window.prompt_ids) for window in self.later)]
        ends = [*(2 * window.start for window in self.later), tokens]
        return max(len(ids) + end - begin for (begin, ids), end in zip(begins, ends, strict=True))
