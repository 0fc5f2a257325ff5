"""What the backbone gives."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Candidate:
    """What a candidate was judged by: its seed, whether it came to its end, information in nats a frame, the listener's
    score; and whether it was kept."""

    seed: int
    ended: bool
    information: float
    heard: float | None = None
    kept: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class BackboneResult:
    """Codes int16 [2, T]; `ended` is False where the song was cut at the longest length allowed. `phone_index` int16
    [T] is that of `FrameGuide.phone_index`, `candidates` those that best-of chose from, if there were several."""

    codes: NDArray[np.int16]
    ended: bool
    phone_index: NDArray[np.int16] | None = None
    candidates: tuple[Candidate, ...] = ()
