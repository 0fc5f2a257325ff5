"""The stages that turn a claimed take into files: what the engine expects of whoever computes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from khala.jobs.records import Claim
from khala.music.progress import Progress


@dataclass(frozen=True)
class StageOutput:
    """The output of a stage for one take, or a part of it.

    `files` by kind, as (media type, content); `seconds` of work by stage that is finished; `audio_seconds` of song. The
    last stage adds the take's `metadata`.
    """

    files: Mapping[str, tuple[str, bytes]]
    seconds: Mapping[str, float]
    audio_seconds: float
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True)
class Left:
    """What is stored of a live take that was interrupted: its file `backbone`, if that stage was finished, the files of
    its windows so far, and of how many parts and bytes the sound consists that can be heard."""

    backbone: bytes | None = None
    windows: Sequence[bytes] = ()
    parts: int = 0
    heard_bytes: int = 0


Keep = Callable[[StageOutput], object]
"""Stores a part of a take for good. Raises ClaimLost."""


class Stages(Protocol):
    """The three stages of a take, or all of them at once. They are called by one thread at a time.

    After a StoreError (no room for temporary files) a stage is called again. Any other KhalaError fails the take; any
    other Exception counts as a fault of the process, which then ends.
    """

    def backbone(self, claims: Sequence[Claim], report: Progress, wanted: Callable[[Claim], bool]) -> list[StageOutput]:
        """Decode takes of one model in one batch; each gives a file `backbone`. A take that is no longer `wanted`
        (because it was cancelled) may be left unfinished."""
        ...

    def superres(self, claims: Sequence[Claim], backbones: Sequence[bytes], report: Progress) -> list[StageOutput]:
        """Refine takes of one model in shared passes, from their files `backbone`; each gives a file `codes`."""
        ...

    def render(self, claim: Claim, backbone: bytes, codes: bytes, report: Progress) -> StageOutput:
        """Render one take: the files `audio.flac`, `audio.mp3`, `metadata`, `peaks` and KEPT, and its metadata."""
        ...

    def can_be_live(self, model: str) -> bool:
        """Return whether a take of that model can be heard while it is made (`live`)."""
        ...

    def live(self, claim: Claim, left: Left, report: Progress, keep: Keep) -> StageOutput:
        """Make one take, all stages side by side, from what an interrupted attempt has `left`, and hand over to `keep`
        what must not be lost: its file `backbone`, its windows, and what can be heard (`records.WINDOW`, `HEARD`,
        `WORDS`). Return the files `codes` and those of `render`, and the take's metadata."""
        ...
