"""What a pipeline does with a song that is there: extend, edit, vary, refine it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from khala.engine.base import Engine
from khala.generation.kept import KeptSong
from khala.generation.plan import TakePlan
from khala.generation.source import Song, Source, source_of
from khala.generation.take import Take
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.progress import Progress, silent
from khala.music.request import SongRequest
from khala.music.rework import CANDIDATES, Rework


class ReworkVerbs(ABC):
    """The verbs, over what a pipeline plans and makes."""

    engine: Engine

    @property
    @abstractmethod
    def config(self) -> ModelConfig: ...

    @abstractmethod
    def plan_rework(
        self, source: KeptSong, rework: Rework, request: SongRequest, number: int = 1, parent: str | None = None
    ) -> TakePlan:
        """The plan of take 1, 2, ... of a song that is made of another."""

    @abstractmethod
    def make(self, plans: Sequence[TakePlan], progress: Progress = silent) -> list[Take]:
        """The takes of plans."""

    def rework(self, song: Song, rework: Rework, *, progress: Progress = silent, **changes: Any) -> list[Take]:
        """The takes of a rework of a song: a `Take`, the path of a song, or a `Source`. `changes` as of
        `generation.source.Source.request_for`. Raises InvalidRequest."""
        source = source_of(song)
        if source.kept.digest != self.engine.digest:
            raise InvalidRequest("the song was made by another model; load the one that made it")
        request = source.request_for(rework, self.config, **changes)
        return self.make(self.plan_reworks(source, rework, request), progress)

    def plan_reworks(self, source: Source, rework: Rework, request: SongRequest) -> list[TakePlan]:
        """The plans of all takes of a request for a song that is made of another. Raises InvalidRequest."""
        numbers = range(1, request.takes + 1)
        return [self.plan_rework(source.kept, rework, request, number, source.name) for number in numbers]

    def extend(self, song: Song, *, start: float | None = None, **changes: Any) -> list[Take]:
        """A song that goes on from another: `extend(take, lyrics="[bridge]...", duration=90)`. `start` in seconds is by
        default where the outro begins; the length is that of all of it."""
        return self.rework(song, Rework("extend", start), **changes)

    def edit(
        self,
        song: Song,
        *,
        section: str | None = None,
        start: float | None = None,
        stop: float | None = None,
        candidates: int = CANDIDATES,
        **changes: Any,
    ) -> list[Take]:
        """A song with a part sung anew: where the whole of its new `lyrics` differs from the old, or a `section`
        ("chorus:2"), or from `start` to `stop` in seconds. All else stays as it is."""
        return self.rework(song, Rework("edit", start, stop, section, candidates), **changes)

    def vary(self, song: Song, *, start: float | None = None, **changes: Any) -> list[Take]:
        """A song in the same form, made anew from `start` in seconds on."""
        return self.rework(song, Rework("vary", start), **changes)

    def refine_anew(self, song: Song, **changes: Any) -> list[Take]:
        """A song whose first two levels stay what they are, refined anew."""
        return self.rework(song, Rework("refine"), **changes)
