"""A new song on its way into the database: within the quotas, once for each idempotency key, with its takes queued."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, String, bindparam, func, insert, select

from khala.jobs import lineage, rows
from khala.jobs.journal import emit_all
from khala.jobs.queue_estimate import QueueEstimate
from khala.jobs.records import Artifact, Limits, Origin, SongRecord
from khala.jobs.tables import artifacts, new_id, owners, songs, takes
from khala.music.errors import Conflict, NotFound, TooMany
from khala.music.request import SongRequest
from khala.music.seeds import take_seed

_NEW_SONG, _NEW_TAKE = insert(songs), insert(takes)
_OWNER = bindparam("owner", type_=String)
_ROOM = select(
    func.count().label("waiting"),
    func.count().filter(takes.c.owner_id == _OWNER).label("own"),
    select(owners.c.queued_limit).where(owners.c.id == _OWNER).scalar_subquery().label("limit"),
).where(takes.c.state == "queued")
"""Statements built once: building one takes longer than running it."""


@dataclass(frozen=True)
class Submission:
    """A song of `owner_id`, and what its takes are made out of: an `origin` with its `files`, stored under the first
    take's id. `asked` stands for the request where that was made of other values."""

    song_id: str
    take_ids: Sequence[str]
    owner_id: str
    request: SongRequest
    model: str
    idempotency_key: str | None = None
    asked_seconds: float | None = None
    origin: Origin | None = None
    files: Sequence[Artifact] = ()
    asked: Mapping[str, Any] | None = None

    @property
    def digest(self) -> str:
        """Return a digest of what is asked for, before a seed is drawn."""
        asked: list[Any] = [self.model, self.request.to_dict() if self.asked is None else dict(self.asked)]
        if self.origin is not None:
            asked += [self.origin.to_dict(), [file.digest for file in self.files]]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def made_before(self, connection: Connection) -> str | None:
        """Return the id of the song that was submitted with the same idempotency key. Raises Conflict if it was asked
        for otherwise."""
        if self.idempotency_key is None:
            return None
        where = (songs.c.owner_id == self.owner_id) & (songs.c.idempotency_key == self.idempotency_key)
        before = connection.execute(select(songs.c.id, songs.c.request_digest).where(where)).first()
        if before is not None and before.request_digest != self.digest:
            raise Conflict("this idempotency key was used for another request; use a new one")
        return before and before.id

    def insert(self, connection: Connection) -> SongRecord:
        """Insert the song, its takes and files, and their events. Raises NotFound for a parent that is gone."""
        now, request = time.time(), self.request.with_seed()
        assert request.seed is not None
        row = {
            **{"id": self.song_id, "owner_id": self.owner_id, "model": self.model, "request": request.to_dict()},
            **{"title": request.title, "liked": False, "words": searched(request), "created": now},
            **{"idempotency_key": self.idempotency_key, "request_digest": self.digest},
            **{"asked_seconds": self.asked_seconds, "origin": self.origin and self.origin.to_dict()},
        }
        queued = {
            **{"song_id": self.song_id, "owner_id": self.owner_id, "model": self.model, "duration": request.duration},
            **{"state": "queued", "stage_progress": 0.0, "attempt": 0, "losses": 0, "created": now, "queued": now},
        }
        new = [
            {**queued, "id": id, "number": number, "seed": take_seed(request.seed, number)}
            for number, id in enumerate(self.take_ids, 1)
        ]
        connection.execute(_NEW_SONG, row)
        connection.execute(_NEW_TAKE, new)
        for file in self.files:
            its = [{**vars(file), "id": new_id(), "take_id": id} for id in self.take_ids]
            connection.execute(insert(artifacts), its)
        if self.origin is not None and self.origin.parent_id is not None:
            lineage.add(connection, self.origin.parent_id, self.song_id, self.owner_id, self.take_ids)
        emit_all(connection, "queued", self.song_id, self.owner_id, self.take_ids)
        return rows.song(row, [rows.take(one) for one in new])


def require_room(connection: Connection, limits: Limits, owner_id: str, more: int) -> None:
    """Raise TooMany unless an owner, and all owners together, may queue so many takes more; NotFound for an unknown
    owner."""
    room = connection.execute(_ROOM, {"owner": owner_id}).one()
    if room.limit is None:
        raise NotFound("there is no such owner")
    if room.waiting + more > limits.queued:
        raise TooMany("the queue is full; try again later", QueueEstimate(connection).seconds_until_room(more))
    if room.own + more > room.limit:
        wait = QueueEstimate(connection).seconds_until_room(more, owner_id)
        raise TooMany(f"your limit of {room.limit} waiting takes is reached; try again later", wait)


def searched(request: SongRequest) -> str:
    """Return the text in which a search looks for words."""
    return " ".join((request.title, request.prompt, " ".join(request.tags), request.lyrics)).lower()
