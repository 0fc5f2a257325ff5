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
from khala.models.lm.windows import Window, Windows
from khala.music.progress import Progress, silent
from khala.weights.adapters import Weighed
from khala.weights.tokenizer import Tokenizer

Mode = Literal["keep_loaded", "one_shot"]
"""Whether all of a model stays in memory, or one part at a time."""


Written = Callable[[int, BackboneResult], None]
"""Takes in what has been decoded of a slot so far, by its index. It may compute, and end the stage by an exception."""


def keep_all(take: int) -> bool:
    """Want every take to the end."""
    return True


def quietly() -> None:
    """Let nobody know."""


class Refining(Protocol):
    """A window on its way through super-resolution (`Engine.refining`)."""

    def decide(self, level: int, pulse: Callable[[], None] = quietly) -> None:
        """Decide the codes of a level: the lowest that is refined, then the next one, and so on. The window before must
        have decided it. `pulse` is called several times a second, and may end this by an exception."""
        ...


class Synthesis(Protocol):
    """A song on its way through the codec (`Engine.synthesis`)."""

    def next(self, codes_QT: NDArray[np.int16], whole: bool) -> Samples | None:
        """Decode the next block [2, hop n] of a song, from its codes as far as they are known, or from the `whole`
        song's; None if that takes more codes, or if there is no more."""
        ...


class Engine(Protocol):
    """Computes with one model on one device, one thing at a time: never call it from two threads, but for what belongs
    to one song that is heard while it is made, from as many as `threads`.

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
    def adapters(self) -> Sequence[Weighed]:
        """What is added to the model's matrices; `digest` is that of the model without it."""
        ...

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

    @property
    def threads(self) -> int:
        """How many threads may compute stages of one take at once."""
        ...

    @property
    def windows(self) -> Windows | None:
        """How super-resolution goes through a song."""
        ...

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
        written: Written | None = None,
    ) -> list[BackboneResult]:
        """Decode each slot's codes of levels 0 and 1, at most `max_frames`. Progress counts frames of the slot that may
        get longest. A slot, by its index, that is not `wanted` any more costs nothing from then on. `written` is called
        every few frames, on the calling thread."""
        ...

    def refine(self, inputs: Sequence[RefineInput], progress: Progress = silent) -> list[NDArray[np.int16]]:
        """Refine takes to codes of all levels [Q, T]. Progress counts levels, those of all takes together."""
        ...

    def refining(self, one: RefineInput, window: Window, codes_QT: NDArray[np.int16]) -> Refining:
        """Begin to refine a window of a take, as `refine` does, into `codes_QT` [Q, T], which holds what the windows
        before have decided. `one` need not be longer than the window reads."""
        ...

    def encode(self, samples_2N: Samples, progress: Progress = silent) -> NDArray[np.int16]:
        """Encode samples [2, N] at the codec's rate to codes of all levels [Q, T]. A frame that is incomplete at the
        end is padded or dropped, as in `models.codec.base.Codec.encode`. Progress counts frames."""
        ...

    def synthesis(self) -> Synthesis:
        """Begin to decode a song, as `synthesise` does, as its codes come in."""
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
        since: int = 0,
    ) -> float:
        """Return the negative log likelihood of codes from frame `since` on behind a prompt and those before;
        `condition_ids` as in `Slot`."""
        ...

    def close(self) -> None:
        """Free what the engine holds on its device; it computes no more."""
        ...
