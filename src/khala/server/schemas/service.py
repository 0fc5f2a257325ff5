"""The service itself: tags, models, workers and status."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from khala.server.schemas.songs import Sampling


class TagGroup(BaseModel):
    label: str
    tags: list[str]


class Tags(BaseModel):
    """Suggested tags, by group."""

    genre_style: TagGroup
    vocal_instrument: TagGroup
    emotion_mood: TagGroup
    production_other: TagGroup


class Model(BaseModel):
    """An available model."""

    name: str
    default: bool
    max_seconds: float
    size: int = Field(description="Bytes.")
    digest: str
    license: str
    commercial_use: bool | None = Field(description="Whether the licence allows it; null if it is not a known one.")
    publishing: str = Field(description="What the licence of the weights means for publishing songs.")
    sampling: Sampling
    card: str = Field(description="The model card, in Markdown.")


class Models(BaseModel):
    models: list[Model]


class Adaptation(BaseModel):
    """An adapter that can be added to a model."""

    name: str
    model: str | None = Field(description="The model that it belongs to; null if it does not say.")
    digest: str
    trigger: str = Field(description="A tag that calls for it, and is added to the description.")
    songs: int = Field(description="Number of songs that it has learned from, 0 if unknown.")


class Adaptations(BaseModel):
    loras: list[Adaptation]


class Worker(BaseModel):
    """A process that makes takes on one device."""

    id: str
    host: str
    device: str
    model: str | None
    takes: int = Field(description="Number of takes that it is making.")
    since: datetime


class Status(BaseModel):
    """State of the service: live workers, numbers of takes queued and running, and the caller."""

    version: str
    workers: list[Worker]
    queued: int
    running: int
    trouble: str | None = Field(description="Kind of trouble that holds songs up, as in `Take.error_kind`, or null.")
    owner: str = Field(description="Name of the caller.")
    role: Literal["user", "admin"]
    keys: bool = Field(description="Whether API keys are required.")


class Health(BaseModel):
    status: Literal["ok"]
