"""The library of songs: submit, list, change and remove them. Workers use `claims`.

Where a method takes an `owner_id`, None means all owners (for an admin); the songs of others count as not found.
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, String, bindparam, delete, func, insert, select, true, update

from khala.jobs import rows
from khala.jobs.artifacts import Artifacts
from khala.jobs.claims import CLEARED_NOTE
from khala.jobs.database import Database
from khala.jobs.journal import count, emit, emit_all
from khala.jobs.maintenance import Maintenance
from khala.jobs.owners import Owners
from khala.jobs.queue_estimate import QueueEstimate
from khala.jobs.records import Artifact, EventRecord, Limits, Page, SongRecord, TakeRecord
from khala.jobs.tables import artifacts, events, new_id, owners, songs, takes
from khala.music.errors import Conflict, InvalidRequest, NotFound, StoreError, TooMany
from khala.music.request import MAX_TITLE, SongRequest
from khala.music.seeds import take_seed

log = logging.getLogger(__name__)
ACTIVE = ("queued", "running")
_NEW_SONG, _NEW_TAKE = insert(songs), insert(takes)
_OWNER = bindparam("owner", type_=String)
_ROOM = select(
    func.count().label("waiting"),
    func.count().filter(takes.c.owner_id == _OWNER).label("own"),
    select(owners.c.queued_limit).where(owners.c.id == _OWNER).scalar_subquery().label("limit"),
).where(takes.c.state == "queued")
"""Statements built once: building one takes longer than running it."""


class Library:
    """Songs, takes, artifacts and events of one database and one artifact store."""

    def __init__(self, database: Database, store: Artifacts, limits: Limits | None = None) -> None:
        self.database = database
        self.store = store
        self.limits = limits or Limits()
        self.owners = Owners(database, self.limits)
        self.maintenance = Maintenance(database, store)

    @classmethod
    def open(cls, database: str, artifacts: str | Path, limits: Limits | None = None) -> Self:
        """Open the library of a database URL and an artifacts URL or folder; tables are created and migrated.

        Raises InvalidRequest, OutputError, StoreError.
        """
        opened = Database(database)
        opened.migrate()
        return cls(opened, Artifacts(artifacts), limits)

    def submit(
        self,
        owner_id: str,
        request: SongRequest,
        model: str = "mini",
        idempotency_key: str | None = None,
        asked_seconds: float | None = None,
    ) -> SongRecord:
        """Store a new song with its takes queued, and return it. Without a seed one is drawn. `asked_seconds`: the
        length requested, if the request is for less (`records.SongRecord`).

        With an idempotency key that this owner used before, return the song of that time; raises Conflict if it was for
        another request. Raises TooMany when a quota or the queue is full, NotFound for an unknown owner.
        """
        if idempotency_key is not None and not (0 < len(idempotency_key) <= 300 and idempotency_key.isprintable()):
            raise InvalidRequest("an idempotency key has 1 to 300 printable characters")
        digest = hashlib.sha256(json.dumps([model, request.to_dict()], sort_keys=True).encode()).hexdigest()
        request = request.with_seed()
        assert request.seed is not None
        now, song_id = time.time(), new_id()
        with self.database.write() as connection:
            if idempotency_key is not None:
                where = (songs.c.owner_id == owner_id) & (songs.c.idempotency_key == idempotency_key)
                before = connection.execute(select(songs.c.id, songs.c.request_digest).where(where)).first()
                if before is not None:
                    if before.request_digest != digest:
                        raise Conflict("this idempotency key was used for another request; use a new one")
                    return self._song(connection, owner_id, before.id)
            self._require_room(connection, owner_id, request.takes)
            row = {
                **{"id": song_id, "owner_id": owner_id, "model": model, "request": request.to_dict()},
                **{"title": request.title, "liked": False, "words": _searched(request), "created": now},
                **{"idempotency_key": idempotency_key, "request_digest": digest, "asked_seconds": asked_seconds},
            }
            connection.execute(_NEW_SONG, row)
            queued = {
                **{"song_id": song_id, "owner_id": owner_id, "model": model, "duration": request.duration},
                **{"state": "queued", "stage_progress": 0.0, "attempt": 0, "losses": 0, "created": now, "queued": now},
            }
            ids = [new_id() for _ in range(request.takes)]
            new = [
                {**queued, "id": id, "number": number, "seed": take_seed(request.seed, number)}
                for number, id in enumerate(ids, 1)
            ]
            connection.execute(_NEW_TAKE, new)
            emit_all(connection, "queued", song_id, owner_id, ids)
        log.info("song accepted", extra={"song": song_id, "takes": ids, "owner": owner_id, "model": model})
        song = rows.song(row, [rows.take(one) for one in new])
        with self.database.read() as connection:
            return self._with_estimates(connection, [song])[0]

    def songs(self, owner_id: str | None, cursor: str | None = None, limit: int = 50, q: str = "") -> Page:
        """Return at most `limit` songs, newest first, from `cursor` (`next` of the page before) on. Each word of `q`
        must occur in title, prompt, tags or lyrics. Raises InvalidRequest."""
        if not 1 <= limit <= 200:
            raise InvalidRequest("limit is a whole number from 1 to 200")
        where: ColumnElement[bool] = _owned(owner_id)
        if cursor is not None:
            where &= songs.c.id < cursor
        for word in q.lower().split()[:20]:
            where &= songs.c.words.contains(word, autoescape=True)
        with self.database.read() as connection:
            found = rows.read_songs(connection, where, limit + 1)
            page = self._with_estimates(connection, found[:limit])
        return Page(tuple(page), page[-1].id if len(found) > limit else None)

    def song(self, owner_id: str | None, song_id: str) -> SongRecord:
        """Return a song. Raises NotFound."""
        with self.database.read() as connection:
            return self._song(connection, owner_id, song_id)

    def take(self, owner_id: str | None, take_id: str) -> TakeRecord:
        """Return a take. Raises NotFound."""
        with self.database.read() as connection:
            song_id = connection.execute(select(takes.c.song_id).where(takes.c.id == take_id)).scalar()
            if song_id is None:
                raise NotFound("there is no such take")
            try:
                song = self._song(connection, owner_id, song_id)
            except NotFound:
                raise NotFound("there is no such take") from None
        return next(take for take in song.takes if take.id == take_id)

    def artifact(self, owner_id: str | None, take_id: str, kind: str) -> Artifact:
        """Return a stored file of a take, to be read with `store`. Raises NotFound."""
        for artifact in self.take(owner_id, take_id).artifacts:
            if artifact.kind == kind:
                return artifact
        raise NotFound(f"the take has no {kind} yet")

    def keep(self, take_id: str, kind: str, media_type: str, data: bytes | Path) -> Artifact:
        """Store a further file of a finished take (such as its audio in another format). If two callers do so at the
        same time, both get the first one's file. Raises NotFound, StoreError."""
        with self.database.read() as connection:
            song_id = connection.execute(select(takes.c.song_id).where(takes.c.id == take_id)).scalar()
        if song_id is None:
            raise NotFound("there is no such take")
        stored = self.store.put(song_id, take_id, kind, media_type, data)
        recorded = False
        try:
            with self.database.write() as connection:
                there = rows.read_artifacts(connection, (artifacts.c.take_id == take_id) & (artifacts.c.kind == kind))
                gone = connection.execute(select(takes.c.id).where(takes.c.id == take_id)).first() is None
                if not there and not gone:
                    connection.execute(insert(artifacts).values(**vars(stored)))
            recorded = not there and not gone
        finally:
            if not recorded:  # nothing refers to it
                self.store.delete(stored)
        if gone:
            raise NotFound("there is no such take")
        return there[0] if there else stored

    def update(
        self, owner_id: str | None, song_id: str, title: str | None = None, liked: bool | None = None
    ) -> SongRecord:
        """Rename or like a song; None leaves a value unchanged. Raises NotFound, InvalidRequest."""
        with self.database.write() as connection:
            song = self._song(connection, owner_id, song_id)
            request = song.request
            if title is not None:
                if len(title) > MAX_TITLE or not all(char.isprintable() for char in title):
                    raise InvalidRequest(f"a title may have at most {MAX_TITLE} characters, all printable")
                title = title.strip()
                request = replace(request, title=title)
            given = {"title": title, "liked": liked}
            values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
            if values:
                connection.execute(
                    update(songs).where(songs.c.id == song_id).values(**values, words=_searched(request))
                )
                emit(connection, "updated", song_id, song.owner_id, **values)
            return self._song(connection, owner_id, song_id)

    def cancel(self, owner_id: str | None, song_id: str) -> SongRecord:
        """Cancel all takes that are queued or running; takes that have ended stay. Raises NotFound."""
        with self.database.write() as connection:
            song = self._song(connection, owner_id, song_id)
            self._cancel(connection, song)
            return self._song(connection, owner_id, song_id)

    def retry(self, owner_id: str | None, song_id: str) -> SongRecord:
        """Queue the takes that failed or were cancelled again; finished stages are not repeated.

        Raises NotFound, TooMany; Conflict if there is no such take.
        """
        with self.database.write() as connection:
            song = self._song(connection, owner_id, song_id)
            again = [take for take in song.takes if take.state in ("failed", "cancelled")]
            if not again:
                raise Conflict("no take of this song failed or was cancelled")
            self._require_room(connection, song.owner_id, len(again))
            for take in again:
                values = {"state": "queued", "losses": 0, "queued": time.time(), **CLEARED_NOTE}
                values |= {"error": None, "error_kind": None}
                values |= {"started": None, "finished": None, "stage": None, "stage_progress": 0.0}
                connection.execute(update(takes).where(takes.c.id == take.id).values(values))
                emit(connection, "queued", song_id, song.owner_id, take.id)
            return self._song(connection, owner_id, song_id)

    def delete(self, owner_id: str | None, song_id: str) -> None:
        """Remove a song, its takes and their files. A worker that is making it stops. Files that the store cannot
        remove now are removed by `Maintenance.sweep`. Raises NotFound, StoreError."""
        with self.database.write() as connection:
            song = self._song(connection, owner_id, song_id)
            self._cancel(connection, song)
            connection.execute(delete(events).where(events.c.song_id == song_id))
            connection.execute(delete(songs).where(songs.c.id == song_id))
            emit(connection, "deleted", song_id, song.owner_id)
        with suppress(StoreError):
            self.store.delete_song(song_id)

    def events(
        self, after: int, owner_id: str | None = None, song_id: str | None = None, limit: int = 1000
    ) -> list[EventRecord]:
        """Return at most `limit` events with ids above `after`, in order. No event with a lower id appears later."""
        where = [events.c.id > after]
        if owner_id is not None:
            where.append(events.c.owner_id == owner_id)
        if song_id is not None:
            where.append(events.c.song_id == song_id)
        with self.database.read() as connection:
            found = connection.execute(select(events).where(*where).order_by(events.c.id).limit(limit)).mappings()
            return [EventRecord(**row) for row in found]

    def last_event(self) -> int:
        """Return the id of the newest event, 0 if there never was one."""
        with self.database.read() as connection:
            return connection.execute(select(func.max(events.c.id))).scalar() or 0

    def _song(self, connection: Connection, owner_id: str | None, song_id: str) -> SongRecord:
        found = rows.read_songs(connection, (songs.c.id == song_id) & _owned(owner_id))
        if not found:
            raise NotFound("there is no such song")
        return self._with_estimates(connection, found)[0]

    def _with_estimates(self, connection: Connection, found: Iterable[SongRecord]) -> list[SongRecord]:
        found = list(found)
        if not any(take.state in ACTIVE for song in found for take in song.takes):
            return found
        estimate = QueueEstimate(connection)
        return [replace(song, takes=tuple(self._now(estimate.of(song, take)) for take in song.takes)) for song in found]

    def _now(self, take: TakeRecord) -> TakeRecord:
        """Return the take with the fault of the database as its note, which its worker cannot record."""
        fault = self.database.fault
        if fault is None or take.state not in ACTIVE:
            return take
        return replace(take, note=str(fault), note_kind=fault.kind)

    def _require_room(self, connection: Connection, owner_id: str, more: int) -> None:
        room = connection.execute(_ROOM, {"owner": owner_id}).one()
        if room.limit is None:
            raise NotFound("there is no such owner")
        if room.waiting + more > self.limits.queued:
            raise TooMany("the queue is full; try again later", QueueEstimate(connection).seconds_until_room(more))
        if room.own + more > room.limit:
            wait = QueueEstimate(connection).seconds_until_room(more, owner_id)
            raise TooMany(f"your limit of {room.limit} waiting takes is reached; try again later", wait)

    def _cancel(self, connection: Connection, song: SongRecord) -> None:
        for take in song.takes:
            if take.state in ACTIVE:
                values = {"state": "cancelled", "worker_id": None, "attempt": take.attempt + 1, **CLEARED_NOTE}
                change = update(takes).where(takes.c.id == take.id)
                connection.execute(change.values(**values, finished=time.time()))
                emit(connection, "cancelled", song.id, song.owner_id, take.id)
                count(connection, "takes", song.model, "cancelled")


def _owned(owner_id: str | None) -> ColumnElement[bool]:
    return true() if owner_id is None else songs.c.owner_id == owner_id


def _searched(request: SongRequest) -> str:
    """Return the text in which a search looks for words."""
    return " ".join((request.title, request.prompt, " ".join(request.tags), request.lyrics)).lower()
