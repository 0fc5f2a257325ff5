"""Songs and their takes."""

from datetime import UTC, datetime
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, Field

from khala.jobs import records
from khala.music.errors import Kind
from khala.music.request import SuperresSampling

TROUBLE_KINDS = get_args(Kind)
SongState = Literal["queued", "running", "done", "partial", "failed", "cancelled"]
TakeState = Literal["queued", "running", "done", "failed", "cancelled"]
Stage = Literal["load", "backbone", "superres", "decode", "finish"]
AudioFormat = Literal["wav", "flac", "mp3", "opus"]


class Sampling(BaseModel):
    temperature: float
    top_k: int
    superres_temperature: float
    superres_top_k: int
    guidance: float = 1.0
    superres_sampling: SuperresSampling = "top_k"


class Request(BaseModel):
    """The complete request: sent again as a new song, it gives the same samples."""

    prompt: str
    tags: list[str]
    lyrics: str
    instrumental: bool
    duration: float
    takes: int
    best_of: int = 1
    seed: int
    model: str
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
            truncated=metadata.get("truncated"),
            error=take.error,
            error_kind=take.error_kind,
            note=take.note,
            note_kind=take.note_kind,
            started=to_datetime(take.started),
            finished=to_datetime(take.finished),
        )


class Song(BaseModel):
    """A request and its takes. `state` sums up the takes; "partial": all have ended, but not all are done."""

    id: str
    owner_id: str
    title: str
    liked: bool
    state: SongState
    created: datetime
    request: Request
    takes: list[Take]

    @classmethod
    def of(cls, song: records.SongRecord) -> Self:
        return cls(
            id=song.id,
            owner_id=song.owner_id,
            title=song.title,
            liked=song.liked,
            state=song.state,
            created=datetime.fromtimestamp(song.created, UTC),
            request=Request.model_validate({**song.request.to_dict(), "model": song.model}),
            takes=[Take.of(take) for take in song.takes],
        )


class Songs(BaseModel):
    """A page of songs, newest first; `next` is the `cursor` of the next page, null on the last."""

    songs: list[Song]
    next: str | None


class Peaks(BaseModel):
    """The waveform of a take of `duration` seconds: lowest and highest sample of equal intervals, full scale 1."""

    duration: float
    peaks: list[tuple[float, float]]


def to_datetime(seconds: float | None) -> datetime | None:
    """Return seconds since 1970 as a time in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


Metadata = dict[str, Any]
"""The record of a finished take: the JSON that `khala generate` writes beside a song."""
