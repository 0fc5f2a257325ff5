"""Server-sent events."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel

from khala.jobs import records
from khala.server.schemas.songs import Song, Stage, to_datetime


class Event(BaseModel):
    """The `data` of a server-sent event; `id` and `event` repeat the fields of the event itself.

    - `queued`, `cancelled`, `deleted`: no further fields
    - `started`: `worker`; `requeued`: `reason`
    - `progress`: `stage`, `stage_progress`, `progress`; `stage` (a stage is finished): `stage`, `seconds` it took
    - `live`: `heard`, the seconds of the take that can be heard while it is made (`GET /takes/{id}/live`)
    - `waiting`: `note`, `note_kind`; `failed`: `error`, `error_kind`
    - `done`: `duration` of the take
    - `updated`: `title`, `liked`
    - `song` (sent first, unless the stream is resumed): `song`, its current state
    - `ready` (sent first on a stream of all songs, unless resumed): no further fields
    """

    id: int
    event: Literal[
        "song",
        "ready",
        "queued",
        "started",
        "progress",
        "stage",
        "live",
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
    heard: float | None = None
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
    def of(cls, event: records.EventRecord) -> Self:
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
                "at": to_datetime(event.created),
            }
        )
