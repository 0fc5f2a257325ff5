"""The library of songs: submit, list, change and remove them. Workers use `claims`.

Where a method takes an `owner_id`, None means all owners (for an admin); the songs of others count as not found.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, true, update

from khala.jobs import lineage, rows
from khala.jobs.artifacts import Artifacts
from khala.jobs.claims import CLEARED_NOTE
from khala.jobs.database import Database
from khala.jobs.journal import count, emit
from khala.jobs.maintenance import Maintenance
from khala.jobs.owners import Owners
from khala.jobs.playlists import Playlists
from khala.jobs.presets import Presets
from khala.jobs.queue_estimate import QueueEstimate
from khala.jobs.records import (
    KEPT,
    SOURCE,
    Artifact,
    EventRecord,
    Limits,
    Origin,
    Page,
    SongRecord,
    TakeRecord,
    Version,
)
from khala.jobs.submission import Submission, require_room, searched
from khala.jobs.tables import artifacts, events, new_id, songs, takes
from khala.music.errors import Conflict, InvalidRequest, NotFound, StoreError
from khala.music.request import MAX_TITLE, SongRequest
from khala.music.rework import Rework

log = logging.getLogger(__name__)
ACTIVE = ("queued", "running")


class Library:
    """Songs, takes, artifacts and events of one database and one artifact store."""

    def __init__(self, database: Database, store: Artifacts, limits: Limits | None = None) -> None:
        self.database = database
        self.store = store
        self.limits = limits or Limits()
        self.owners = Owners(database, self.limits)
        self.playlists = Playlists(database)
        self.presets = Presets(database)
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
        origin: Origin | None = None,
        source: Mapping[str, tuple[str, bytes]] | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> SongRecord:
        """Store a new song with its takes queued, and return it. Without a seed one is drawn. `asked_seconds`: the
        length requested, if the request is for less (`records.SongRecord`). `source` are the files that it is made out
        of, by kind, as (media type, content); every take gets them (`records.SOURCE`). `asked`: see `rework`.

        With an idempotency key that this owner used before, return the song of that time; raises Conflict if it was for
        another request. Raises TooMany when a quota or the queue is full, NotFound for an unknown owner, or a parent
        that is gone.
        """
        if idempotency_key is not None and not (0 < len(idempotency_key) <= 300 and idempotency_key.isprintable()):
            raise InvalidRequest("an idempotency key has 1 to 300 printable characters")
        song_id, ids = new_id(), [new_id() for _ in range(request.takes)]
        files = [self.store.put(song_id, ids[0], f"{SOURCE}{kind}", *file) for kind, file in (source or {}).items()]
        new = Submission(song_id, ids, owner_id, request, model, idempotency_key, asked_seconds, origin, files, asked)
        is_new = False
        try:
            with self.database.write() as connection:
                if (before := new.made_before(connection)) is not None:
                    return self._song(connection, owner_id, before)
                require_room(connection, self.limits, owner_id, request.takes)
                song = new.insert(connection)
            is_new = True
        finally:
            if files and not is_new:  # nothing refers to them
                with suppress(StoreError):
                    self.store.delete_song(song_id)
        log.info("song accepted", extra={"song": song_id, "takes": ids, "owner": owner_id, "model": model})
        with self.database.read() as connection:
            return self._with_estimates(connection, [song])[0]

    def rework(
        self,
        owner_id: str,
        parent: TakeRecord,
        rework: Rework,
        request: SongRequest,
        model: str,
        idempotency_key: str | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> SongRecord:
        """Store a new song, made out of a take that is done, as `submit` does. It gets a copy of what it is made out
        of: the take may be deleted from now on. Raises as `kept` and `submit` do.

        `asked` are the JSON values that led to the `request`, whose seed may be drawn: an idempotency key stands for
        these.
        """
        source = {KEPT: ("application/x-safetensors", self.kept(parent))}
        origin = Origin(parent.id, rework)
        return self.submit(owner_id, request, model, idempotency_key, origin=origin, source=source, asked=asked)

    def kept(self, take: TakeRecord) -> bytes:
        """Return the file by which a take is reworked. Raises Conflict for a take that has none."""
        if take.state != "done":
            raise Conflict("the take is not done; only a finished take can be reworked")
        for artifact in take.artifacts:
            if artifact.kind == KEPT:
                return self.store.get(artifact)
        raise Conflict("the take was made by a version that kept no codes for reworks; upload its audio instead")

    def versions(self, owner_id: str | None, take_id: str) -> tuple[str, list[Version]]:
        """Return the id of the first take that a take was made out of, and all takes that were made out of that, oldest
        first. Raises NotFound."""
        take = self.take(owner_id, take_id)
        with self.database.read() as connection:
            return lineage.versions(connection, owner_id, self._song(connection, owner_id, take.song_id), take)

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
                connection.execute(update(songs).where(songs.c.id == song_id).values(**values, words=searched(request)))
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
            require_room(connection, self.limits, song.owner_id, len(again))
            for take in again:
                values = {"state": "queued", "losses": 0, "queued": time.time(), **CLEARED_NOTE}
                values |= {"error": None, "error_kind": None}
                values |= {"started": None, "finished": None, "stage": None, "stage_progress": 0.0}
                connection.execute(update(takes).where(takes.c.id == take.id).values(values))
                emit(connection, "queued", song_id, song.owner_id, take.id)
            return self._song(connection, owner_id, song_id)

    def delete(self, owner_id: str | None, song_id: str) -> None:
        """Remove a song, its takes and their files. A worker that is making it stops. What was made out of it stays.
        Files that the store cannot remove now are removed by `Maintenance.sweep`. Raises NotFound, StoreError."""
        with self.database.write() as connection:
            song = self._song(connection, owner_id, song_id)
            self._cancel(connection, song)
            connection.execute(delete(events).where(events.c.song_id == song_id))
            lineage.forget(connection, song)
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
