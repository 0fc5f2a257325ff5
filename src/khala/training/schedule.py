"""How fast to learn when: warm up, hold, decay."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A factor on every learning rate, as a function of the run's progress 0..1.

    `warmup` and `decay` are fractions of the run. The factor rises linearly from a tenth of the full rate, holds, and
    falls along half a cosine to `floor`. With `decay = 1` there is no plateau: warm-up and cosine. With a plateau a run
    can be prolonged: raise its budget before the decay begins, and nothing was learned in vain.
    """

    warmup: float = 0.02
    decay: float = 0.3
    floor: float = 0.02

    def __call__(self, progress: float) -> float:
        progress = min(max(progress, 0.0), 1.0)
        if progress < self.warmup:
            return 0.1 + 0.9 * progress / self.warmup
        decay = min(self.decay, 1.0 - self.warmup)
        if decay <= 0 or progress <= 1.0 - decay:
            return 1.0
        fallen = (progress - (1.0 - decay)) / decay
        return self.floor + (1.0 - self.floor) * 0.5 * (1.0 + math.cos(math.pi * fallen))
