"""What super-resolution refines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from khala.models.lm.conditions import ConditionIds
from khala.music.request import Sampling


@dataclass(frozen=True)
class RefineInput:
    """A take as the backbone left it, codes int16 [2, T], and how its deeper levels are drawn.

    `condition_ids` [T, C] are rows of the model's table of conditions, for a model that has one; with
    `uncond_condition_ids` beside them a take is guided away from these."""

    prompt_ids: Sequence[int]
    codes: NDArray[np.int16]
    seed: int
    sampling: Sampling
    condition_ids: ConditionIds | None = None
    uncond_condition_ids: ConditionIds | None = None

    @property
    def guided(self) -> bool:
        return self.uncond_condition_ids is not None and self.sampling.guidance != 1

    @property
    def positions(self) -> int:
        """Positions in a pass."""
        return (len(self.prompt_ids) + int(self.codes.shape[1])) * (1 + self.guided)

    def between(self, first: int, last: int) -> "RefineInput":
        """Return frames `first` to `last` alone."""
        rows = (None if ids is None else ids[first:last] for ids in (self.condition_ids, self.uncond_condition_ids))
        condition_ids, uncond_condition_ids = rows
        return replace(
            self,
            codes=self.codes[:, first:last],
            condition_ids=condition_ids,
            uncond_condition_ids=uncond_condition_ids,
        )
