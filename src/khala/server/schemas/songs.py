"""Songs and their takes."""

from datetime import UTC, datetime
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, Field

from khala.jobs import lineage, records
from khala.music.errors import Kind
from khala.music.loras import parted
from khala.music.request import SuperresSampling

TROUBLE_KINDS = get_args(Kind)
SongState = Literal["queued", "running", "done", "partial", "failed", "cancelled"]
TakeState = Literal["queued", "running", "done", "failed", "cancelled"]
Stage = Literal["load", "backbone", "superres", "decode", "finish"]
OriginKind = Literal["extend", "edit", "vary", "refine", "upload"]
AudioFormat = Literal["wav", "flac", "mp3", "opus"]


class Sampling(BaseModel):
    temperature: float
    top_k: int
    superres_temperature: float
    superres_top_k: int
    guidance: float = 1.0
    superres_sampling: SuperresSampling = "top_k"


class Lora(BaseModel):
    """An adapter that was added to the model."""

    name: str
    weight: float


class Request(BaseModel):
    """The complete request: sent again as a new song, it gives the same samples, unless the song is `derived`."""

    prompt: str
    tags: list[str]
    lyrics: str
    chords: str = ""
    instrumental: bool
    duration: float
    takes: int
    best_of: int = 1
    seed: int
    model: str
    loras: list[Lora] = []
    sampling: Sampling
    title: str


class Take(BaseModel):
    """One rendition. `number` counts from 1; `progress` (0..1) is that of the whole take, `stage_progress` that of its
    stage."""

    id: str
    song_id: str
    number: int
    seed: int
    state: TakeState
    stage: Stage | None
    stage_progress: float
    progress: float
    position: int | None = Field(description="Position in the queue, 1 is next; null when not queued.")
    eta: float | None = Field(description="Estimated seconds until it is done; null if unknown.")
    duration: float | None = Field(description="Length of the finished take in seconds.")
    live: bool = Field(description="Whether it can be heard while it is made: see `GET /takes/{id}/live`.")
    truncated: bool | None = Field(description="Whether it was cut off at the maximum length.")
    error: str | None = Field(description="Why the take failed.")
    error_kind: str | None = Field(
        description=f"Kind of the error: {', '.join(TROUBLE_KINDS)}.", examples=list(TROUBLE_KINDS)
    )
    note: str | None = Field(description="What the take waits for, other than its turn.")
    note_kind: str | None = Field(description="Kind of the note, as in `error_kind`.")
    started: datetime | None
    finished: datetime | None

    @classmethod
    def of(cls, take: records.TakeRecord) -> Self:
        metadata = take.metadata or {}
        return cls(
            id=take.id,
            song_id=take.song_id,
            number=take.number,
            seed=take.seed,
            state=take.state,
            stage=take.stage,  # type: ignore[arg-type]
            stage_progress=take.stage_progress,
            progress=take.progress,
            position=take.position,
            eta=take.eta,
            duration=metadata.get("duration"),
            live=take.live,
            truncated=metadata.get("truncated"),
            error=take.error,
            error_kind=take.error_kind,
            note=take.note,
            note_kind=take.note_kind,
            started=to_datetime(take.started),
            finished=to_datetime(take.finished),
        )


class Derived(BaseModel):
    """What a song is made out of: the take `parent`, which may be deleted by now, or a file that was uploaded. Between
    `start` and `end` (seconds) it is made anew; null is the beginning or the end."""

    kind: OriginKind
    parent: str | None = Field(description="Id of a take; null for an upload.")
    start: float | None
    end: float | None

    @classmethod
    def of(cls, song: records.SongRecord) -> Self | None:
        if song.origin is None:
            return None
        first = next((take for take in song.takes if take.state == "done"), song.takes[0])
        node = lineage.version(song, first)
        return cls(kind=song.origin.kind, parent=node.parent_id, start=node.start, end=node.stop)


class Song(BaseModel):
    """A request and its takes. `state` sums up the takes; "partial": all have ended, but not all are done. `derived` is
    null for a song that was made of words alone."""

    id: str
    owner_id: str
    title: str
    liked: bool
    state: SongState
    created: datetime
    request: Request
    takes: list[Take]
    derived: Derived | None

    @classmethod
    def of(cls, song: records.SongRecord) -> Self:
        model, loras = parted(song.model)
        return cls(
            id=song.id,
            owner_id=song.owner_id,
            title=song.title,
            liked=song.liked,
            state=song.state,
            created=datetime.fromtimestamp(song.created, UTC),
            request=Request.model_validate({**song.request.to_dict(), "model": model, "loras": list(map(vars, loras))}),
            takes=[Take.of(take) for take in song.takes],
            derived=Derived.of(song),
        )


class Songs(BaseModel):
    """A page of songs, newest first; `next` is the `cursor` of the next page, null on the last."""

    songs: list[Song]
    next: str | None


class Version(BaseModel):
    """A take in its tree. `kind` and what follows are as in `Derived`, null for the first take; `id` and `parent` are
    ids of takes, `song` that of a song. Of a take that was `deleted` nothing but this is left."""

    id: str
    song: str
    title: str
    kind: OriginKind | None
    parent: str | None
    start: float | None
    end: float | None
    state: TakeState
    created: datetime
    duration: float | None
    deleted: bool

    @classmethod
    def of(cls, version: records.Version) -> Self:
        return cls(
            id=version.id,
            song=version.song_id,
            title=version.title,
            kind=version.kind,
            parent=version.parent_id,
            start=version.start,
            end=version.stop,
            state=version.state,
            created=datetime.fromtimestamp(version.created, UTC),
            duration=version.duration,
            deleted=version.deleted,
        )


class Versions(BaseModel):
    """All takes that were made out of the take `root`, and that one, oldest first."""

    root: str
    versions: list[Version]


class Peaks(BaseModel):
    """The waveform of a take of `duration` seconds: lowest and highest sample of equal intervals, full scale 1."""

    duration: float
    peaks: list[tuple[float, float]]


def to_datetime(seconds: float | None) -> datetime | None:
    """Return seconds since 1970 as a time in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


Metadata = dict[str, Any]
"""The record of a finished take: the JSON that `khala generate` writes beside a song."""
