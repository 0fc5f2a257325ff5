"""What a finetuning run is asked for."""

from dataclasses import dataclass
from typing import Literal

from khala.music.errors import InvalidRequest
from khala.music.loras import require_trigger


@dataclass(frozen=True)
class FinetuneOptions:
    """Settings of `khala finetune`, for each of the two language models.

    The changes have this `rank`, and count `alpha` / `rank` times. The budget is `steps` or, if that is not 0,
    `minutes`; held-out songs are measured `evaluations` times within it, and training ends when `patience` of them in a
    row were no better. A step learns from `batch_tokens` positions, in windows of songs of `seconds`. `rate` is AdamW's
    learning rate. `dtype` is the format of the frozen weights. Raises InvalidRequest.
    """

    trigger: str = ""
    rank: int = 8
    alpha: int = 16
    steps: int = 200
    minutes: float = 0.0
    rate: float = 1e-3
    batch_tokens: int = 4096
    seconds: float = 30.0
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    evaluations: int = 10
    patience: int = 3
    seed: int = 1
    threads: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "trigger", require_trigger(self.trigger))
        if self.dtype not in ("auto", "float32", "bfloat16"):
            raise InvalidRequest(f"the number format {self.dtype!r} is unknown; choose auto, float32 or bfloat16")
        limits: dict[str, tuple[float, float]] = {"rank": (1, 256), "alpha": (1, 1024), "rate": (1e-6, 0.1)}
        limits |= {"steps": (1, 100_000), "minutes": (0, 10_000), "seconds": (5, 600)}
        limits |= {"patience": (1, 1000), "evaluations": (1, 1000)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise InvalidRequest(f"{name} is {getattr(self, name)}; it must be from {low:g} to {high:g}")
