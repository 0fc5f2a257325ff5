"""The song that another is made of, and the request for that one."""

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from khala.audio.tags.tagging import read_tags
from khala.generation.kept import KeptSong
from khala.generation.plan_rework import extended_request
from khala.generation.remake import Remake, read_record
from khala.generation.tagging import SONG
from khala.generation.take import Take
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.request import SongRequest
from khala.music.rework import Rework

REFINED_TEMPERATURES = 0.7, 1.4
"""Super-resolution that draws nothing refines a song anew at a temperature between these: words are understood as well
(recipes/mini)."""


@dataclass(frozen=True)
class Source:
    """A song: what it kept, the `request` that it was made for, with its own seed, what records call it, and how it was
    `made` if it was read from a file."""

    kept: KeptSong
    request: SongRequest
    name: str | None = None
    made: Remake | None = None

    def request_for(
        self,
        rework: Rework,
        config: ModelConfig,
        lyrics: str | None = None,
        duration: float | None = None,
        seed: int | None = None,
        takes: int = 1,
        **more: Any,
    ) -> SongRequest:
        """The request for a rework: all that is not given is the song's own, but for the seed, which is drawn. `lyrics`
        are those that come behind in a song that is extended, and else all of them. Raises InvalidRequest."""
        if duration is not None and rework.kind != "extend":
            raise InvalidRequest("only an extended song has another length; leave out the duration")
        if lyrics is not None and rework.kind in ("vary", "refine"):
            raise InvalidRequest("a varied song has the same lyrics; use edit to change them")
        request = replace(self.request, takes=takes, seed=seed, **more).with_seed()
        if rework.kind == "extend":
            return extended_request(self.kept, request, rework, config, lyrics, duration)
        if lyrics is not None:
            request = replace(request, lyrics=lyrics, instrumental=False)
        if rework.kind == "refine" and request.sampling.superres_sampling == "mean":
            temperature = round(Random(f"{request.seed} refine").uniform(*REFINED_TEMPERATURES), 3)
            request = replace(request, sampling=replace(request.sampling, superres_temperature=temperature))
        return request


Song = Take | Source | str | Path


def source_of(song: Song) -> Source:
    """The source that a take, or the path of a song, is. Raises InvalidRequest if it does not keep its codes."""
    if isinstance(song, Source):
        return song
    if not isinstance(song, Take):
        return read_source(Path(song))
    if song.kept is None:
        raise InvalidRequest("the take does not hold its codes; make it again")
    return Source(song.kept, Remake.from_record(song.metadata).request)


def read_source(song: Path) -> Source:
    """Read a song of Khala's: its codes are in its tags, or in the record beside it. Raises InvalidRequest."""
    record = read_record(song)
    text = record.get("song")
    if song.suffix.lower() != ".json":
        text = read_tags(song).get(SONG) or text
    if not isinstance(text, str):
        raise InvalidRequest(
            f"{song} does not hold its codes: it was made before songs kept them, or is not Khala's own"
        )
    try:
        kept, made = KeptSong.from_text(text), Remake.from_record(record)
        return Source(kept, made.request, song.name, made)
    except InvalidRequest as error:
        raise InvalidRequest(f"cannot use {song}: {error}") from None
