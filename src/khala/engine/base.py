"""What generation asks of an engine."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.guide import FrameGuide
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import Slot
from khala.music.progress import Progress, silent
from khala.weights.tokenizer import Tokenizer

Mode = Literal["keep_loaded", "one_shot"]
"""Whether all of a model stays in memory, or one part at a time."""


def keep_all(take: int) -> bool:
    """Want every take to the end."""
    return True


class Engine(Protocol):
    """Computes with one model on one device, one thing at a time: never call it from two threads.

    What a take becomes depends neither on its company nor on the number of threads. Progress is reported at least every
    `REPORT_SECONDS`, and an exception raised there stops the work (`music.progress`).
    """

    @property
    def config(self) -> ModelConfig: ...
    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def digest(self) -> str: ...

    @property
    def durations(self) -> DurationModel | None:
        """What plans when phones are sung; None for a model that has no such plan."""
        ...

    @property
    def name(self) -> str:
        """As in `opening.ENGINES`."""
        ...

    @property
    def library(self) -> tuple[str, str]:
        """Name and version of the library that computes."""
        ...

    @property
    def device(self) -> str: ...

    @property
    def dtype(self) -> str:
        """Number format, as for `--dtype`."""
        ...

    @property
    def mode(self) -> Mode: ...

    def takes_at_once(self, seconds: float) -> int:
        """Return how many takes of so many seconds may be decoded together in the memory that is free now."""
        ...

    def fits(self, seconds: float) -> bool:
        """Return whether a take of so many seconds fits into the memory that is free now."""
        ...

    def decode(
        self,
        slots: Sequence[Slot],
        guide: FrameGuide | None = None,
        progress: Progress = silent,
        wanted: Callable[[int], bool] = keep_all,
    ) -> list[BackboneResult]:
        """Decode each slot's codes of levels 0 and 1, at most `max_frames`. Progress counts frames of the slot that may
        get longest. A slot, by its index, that is not `wanted` any more costs nothing from then on."""
        ...

    def refine(self, inputs: Sequence[RefineInput], progress: Progress = silent) -> list[NDArray[np.int16]]:
        """Refine takes to codes of all levels [Q, T]. Progress counts levels, those of all takes together."""
        ...

    def synthesise(self, codes_QT: NDArray[np.int16], progress: Progress = silent) -> Samples:
        """Decode codes of the first Q levels to samples [2, hop T]. Progress counts frames."""
        ...

    def nats(
        self,
        prompt_ids: Sequence[int],
        codes_2T: NDArray[np.int16],
        condition_ids: ConditionIds | None = None,
        progress: Progress = silent,
    ) -> float:
        """Return the negative log likelihood of codes behind a prompt; `condition_ids` as in `Slot`."""
        ...

    def close(self) -> None:
        """Free what the engine holds on its device; it computes no more."""
        ...
