"""What the API takes and gives, as its clients see it; `khala.music.SongRequest` has the last word on a request."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from khala.jobs import records
from khala.music.errors import Kind
from khala.music.request import (
    MAX_BEST_OF,
    MAX_LYRICS,
    MAX_PROMPT,
    MAX_SECONDS,
    MAX_TAG,
    MAX_TAGS,
    MAX_TAKES,
    MAX_TITLE,
    MIN_SECONDS,
    SongRequest,
)
from khala.music.tags import parse_tags

MAX_SAFE = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

KINDS = get_args(Kind)
State = Literal["queued", "running", "done", "partial", "failed", "cancelled"]
TakeState = Literal["queued", "running", "done", "failed", "cancelled"]
Stage = Literal["load", "backbone", "superres", "decode", "finish"]
AudioFormat = Literal["wav", "flac", "mp3", "opus"]
Seed = Annotated[int, Field(ge=0, le=MAX_SAFE, strict=True)]


class Asked(BaseModel):
    """Base of what clients send: a field that nobody knows is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")


Temperature = Annotated[float, Field(ge=0.1, le=5)]
TopK = Annotated[int, Field(ge=1, le=1024, strict=True)]


class NewSampling(Asked):
    """How freely codes are drawn; what is left out is the model's own choice."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    superres_temperature: Temperature | None = None
    superres_top_k: Annotated[int, Field(ge=0, le=1024, strict=True)] | None = None
    guidance: Annotated[float, Field(ge=1, le=10)] | None = None


TagList = Annotated[list[Annotated[str, Field(max_length=MAX_TAG)]], Field(max_length=MAX_TAGS)]


def _tag_list(value: Any) -> Any:
    return list(parse_tags(value)) if isinstance(value, str) else value


class NewSong(Asked):
    """A song to make: a `prompt` or `tags`, with `lyrics` or `instrumental`. What is null counts as left out."""

    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] | None = Field(
        None, examples=["warm folk ballad, female vocals"]
    )
    tags: Annotated[TagList, BeforeValidator(_tag_list, json_schema_input_type=TagList | str)] | None = Field(
        None, description="A list, or one text with commas between the tags.", examples=[["pop", "piano"]]
    )
    lyrics: Annotated[str, Field(max_length=MAX_LYRICS)] | None = Field(
        None, examples=["[verse]\nMorning light is in the street"]
    )
    instrumental: Annotated[bool, Field(strict=True)] | None = None
    duration: Annotated[float, Field(ge=MIN_SECONDS, le=MAX_SECONDS)] | None = Field(
        None,
        description=f"Length in seconds. Left out: {SongRequest.duration:g}, or all that the model can.",
        json_schema_extra={"default": SongRequest.duration},
    )
    takes: Annotated[int, Field(ge=1, le=MAX_TAKES, strict=True)] | None = Field(
        None, description="How many renditions. Left out: 1."
    )
    best_of: Annotated[int, Field(ge=1, le=MAX_BEST_OF, strict=True)] | None = Field(
        None, description="Candidates for each, the best is kept. Left out: 1."
    )
    seed: Seed | None = Field(None, description="The same seed makes the same song. Left out: a random one.")
    model: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Name of a model of GET /models. Left out: the server's."
    )
    sampling: NewSampling | None = None
    title: Annotated[str, Field(max_length=MAX_TITLE)] | None = None


class SongChange(Asked):
    """What may be changed of a song; what is left out stays."""

    title: str | None = Field(None, max_length=MAX_TITLE)
    liked: bool | None = Field(None, strict=True)


class Sampling(BaseModel):
    temperature: float
    top_k: int
    superres_temperature: float
    superres_top_k: int
    guidance: float = 1.0


class Request(BaseModel):
    """What was asked for, complete: sent again as a new song it gives the same samples."""

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
    """One rendition. `number` counts from 1; `progress` 0..1 is of the whole take, `stage_progress` of the stage."""

    id: str
    song_id: str
    number: int
    seed: int
    state: TakeState
    stage: Stage | None
    stage_progress: float
    progress: float
    position: int | None = Field(description="Place in the queue, 1 is next; null when not waiting.")
    eta: float | None = Field(description="Seconds until it will be done, as far as measured speeds tell.")
    duration: float | None = Field(description="Length of the finished take in seconds.")
    truncated: bool | None = Field(description="Whether it was cut at its longest.")
    error: str | None = Field(description="Why it failed.")
    error_kind: str | None = Field(
        description=f"Which kind of trouble that is: {', '.join(KINDS)}.", examples=list(KINDS)
    )
    note: str | None = Field(description="What it waits for.")
    note_kind: str | None = Field(description="Which kind of trouble that is, as in `error_kind`.")
    started: datetime | None
    finished: datetime | None

    @classmethod
    def of(cls, take: records.Take) -> Self:
        made = take.metadata or {}
        return cls(
            id=take.id,
            song_id=take.song_id,
            number=take.number + 1,
            seed=take.seed,
            state=take.state,
            stage=take.stage,  # type: ignore[arg-type]
            stage_progress=take.stage_progress,
            progress=take.progress,
            position=take.position,
            eta=take.eta,
            duration=made.get("duration"),
            truncated=made.get("truncated"),
            error=take.error,
            error_kind=take.error_kind,
            note=take.note,
            note_kind=take.note_kind,
            started=_time(take.started),
            finished=_time(take.finished),
        )


class Song(BaseModel):
    """A request and its takes. `state` is what the takes amount to; "partial": all have ended, some of them done."""

    id: str
    owner_id: str
    title: str
    liked: bool
    state: State
    created: datetime
    request: Request
    takes: list[Take]

    @classmethod
    def of(cls, song: records.Song) -> Self:
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
    """A page of songs, newest first; `next` is the `cursor` of the page behind, null on the last."""

    songs: list[Song]
    next: str | None


class Event(BaseModel):
    """The `data` of a server-sent event, whose `id` and `event` are the same as here.

    - `queued`, `cancelled`, `deleted`: nothing more
    - `started`: `worker`; `requeued`: `reason`
    - `progress`: `stage`, `stage_progress`, `progress`; `stage` (one is finished): `stage`, `seconds` it took
    - `waiting`: `note`, `note_kind`; `failed`: `error`, `error_kind`
    - `done`: `duration` of the take
    - `updated`: `title`, `liked`
    - `song` (sent first, unless a stream is resumed): `song`, as it is now
    - `ready` (the same, of a stream of all songs): nothing more
    """

    id: int
    event: Literal[
        "song",
        "ready",
        "queued",
        "started",
        "progress",
        "stage",
        "waiting",
        "requeued",
        "done",
        "failed",
        "cancelled",
        "updated",
        "deleted",
    ]
    song_id: str | None = None
    take_id: str | None = None
    at: datetime
    stage: Stage | None = None
    stage_progress: float | None = None
    progress: float | None = None
    seconds: float | None = None
    duration: float | None = None
    worker: str | None = None
    reason: str | None = None
    note: str | None = None
    note_kind: str | None = None
    error: str | None = None
    error_kind: str | None = None
    title: str | None = None
    liked: bool | None = None
    song: Song | None = None

    @classmethod
    def of(cls, event: records.Event) -> Self:
        data = dict(event.data)
        if event.kind == "progress":
            data["stage_progress"] = data.pop("done")
            data["progress"] = records.progress(data["stage"], data["stage_progress"])
        return cls.model_validate(
            {
                **data,
                "id": event.id,
                "event": event.kind,
                "song_id": event.song_id,
                "take_id": event.take_id,
                "at": _time(event.created),
            }
        )


class Peaks(BaseModel):
    """The outline of a take of `duration` seconds: lowest and highest sample of equal stretches, full scale 1."""

    duration: float
    peaks: list[tuple[float, float]]


class TagGroup(BaseModel):
    label: str
    tags: list[str]


class Tags(BaseModel):
    """Tags to describe a song with, by group."""

    genre_style: TagGroup
    vocal_instrument: TagGroup
    emotion_mood: TagGroup
    production_other: TagGroup


class Model(BaseModel):
    """A model that songs can be asked of."""

    name: str
    default: bool
    max_seconds: float
    size: int = Field(description="Bytes.")
    digest: str
    license: str
    sampling: Sampling
    card: str = Field(description="The model card, in Markdown.")


class Models(BaseModel):
    models: list[Model]


class Worker(BaseModel):
    """A process that makes takes on one device."""

    id: str
    host: str
    device: str
    model: str | None
    takes: int = Field(description="How many it works on.")
    since: datetime


class Status(BaseModel):
    """The service at a glance: live workers, takes that wait and run, who asks, and what may be asked."""

    version: str
    workers: list[Worker]
    queued: int
    running: int
    trouble: str | None = Field(description="What keeps songs from being made, as in `Take.error_kind`, or null.")
    owner: str = Field(description="Who asks.")
    role: Literal["user", "admin"]
    keys: bool = Field(description="Whether API keys are asked for.")


class Health(BaseModel):
    status: Literal["ok"]


class Session(Asked):
    """An API key, to be kept by the browser in a cookie that scripts cannot read."""

    key: str = Field(max_length=200, pattern=r"^[\x21-\x7e]+$")


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


Metadata = dict[str, Any]
"""The record of a finished take: the JSON file that `khala generate` writes beside it."""
