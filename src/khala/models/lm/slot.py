"""What the backbone continues."""

from collections.abc import Sequence
from dataclasses import dataclass

from khala.models.lm.conditions import ConditionIds
from khala.music.request import Sampling


@dataclass(frozen=True)
class Slot:
    """One take's place in a decode batch: what it continues, how long it may get, how its codes are drawn."""

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
