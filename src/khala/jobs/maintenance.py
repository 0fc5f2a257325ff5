"""Keeping the service in order: its status, whether it can store songs, and what lost workers and old songs left."""

import secrets
import time

from sqlalchemy import delete, func, or_, select

from khala.jobs import rows
from khala.jobs.artifacts import Artifacts
from khala.jobs.claims import WORKER_TIMEOUT_SECONDS, release_lost
from khala.jobs.database import Database
from khala.jobs.journal import emit
from khala.jobs.records import HEARD, WINDOW, WORDS, Count, ServiceStatus, WorkerRecord
from khala.jobs.tables import artifacts, counts, events, songs, takes, workers

DAY_SECONDS = 86_400.0
LIVE_SECONDS = 900.0
"""How long a take that has ended keeps what could be heard of it before: for those who are still listening."""
SONG_ROW_BYTES = 8192
"""Approximate size of the row of a song with long lyrics. A database with less room than that is full."""


class Maintenance:
    """Status and upkeep of one database and one artifact store. Every method raises StoreError."""

    def __init__(self, database: Database, store: Artifacts) -> None:
        self._database, self._store = database, store

    def status(self) -> ServiceStatus:
        """Return the live workers and their takes, how many takes are queued and running, and what holds them up."""
        active = takes.c.state.in_(("queued", "running"))
        by_state = select(takes.c.state, func.count().label("number")).where(active).group_by(takes.c.state)
        alive = workers.c.heartbeat > time.time() - WORKER_TIMEOUT_SECONDS
        running = select(takes.c.worker_id, takes.c.id).where(takes.c.state == "running")
        notes = select(takes.c.note_kind).where(takes.c.state == "running", takes.c.note_kind.is_not(None)).limit(1)
        with self._database.read() as connection:
            numbers = {row.state: row.number for row in connection.execute(by_state)}
            made = [(row.worker_id, row.id) for row in connection.execute(running)]
            living = [
                WorkerRecord(**row, takes=tuple(take for worker, take in made if worker == row["id"]))
                for row in connection.execute(select(workers).where(alive).order_by(workers.c.started)).mappings()
            ]
            fault = self._database.fault
            trouble = fault.kind if fault else connection.execute(notes).scalar()
        return ServiceStatus(tuple(living), numbers.get("queued", 0), numbers.get("running", 0), trouble)

    def counts(self) -> list[Count]:
        """Return the running totals, for metrics."""
        with self._database.read() as connection:
            order = (counts.c.name, counts.c.model, counts.c.label)
            return [Count(**row) for row in connection.execute(select(counts).order_by(*order)).mappings()]

    def check(self) -> None:
        """Raise StoreError unless songs can be stored: a row in the database, a file in the store."""
        self._check_database()
        self._store.check()

    def reap(self) -> list[str]:
        """Put the takes of dead workers back into the queue; returns their ids. Every process of the service calls this
        every few seconds, in any order."""
        if self._database.fault is not None:
            self._check_database()
        return release_lost(self._database)

    def sweep(self) -> list[str]:
        """Remove files of songs that no longer exist, and events of their deletion that are a day old; returns the
        songs' ids. Workers call this when they start."""
        old = time.time() - DAY_SECONDS
        with self._database.write() as connection:
            connection.execute(delete(events).where(events.c.kind == "deleted", events.c.created < old))
        stored = self._store.song_ids()
        with self._database.read() as connection:
            known = set(connection.execute(select(songs.c.id)).scalars())
        gone = [id for id in stored if id not in known and id < f"{int(old * 1000):012x}"]  # ids start with their time
        for song_id in gone:
            self._store.delete_song(song_id)
        return gone

    def drop_parts(self) -> int:
        """Remove what live takes needed while they were made, once they have ended for LIVE_SECONDS; returns the number
        of files. Workers call this every few minutes."""
        ended = takes.c.state.in_(("done", "failed", "cancelled")) & (takes.c.finished < time.time() - LIVE_SECONDS)
        parts = or_(*(artifacts.c.kind.startswith(kind) for kind in (WINDOW, HEARD, WORDS)))
        old = parts & artifacts.c.take_id.in_(select(takes.c.id).where(ended))
        with self._database.read() as connection:  # usually there are none, and no reason to wait for the write lock
            if not rows.read_artifacts(connection, old):
                return 0
        with self._database.write() as connection:  # in one go with their state: a take may be queued again
            dropped = rows.read_artifacts(connection, old)
            connection.execute(delete(artifacts).where(old))
        for artifact in dropped:
            self._store.delete(artifact)
        return len(dropped)

    def _check_database(self) -> None:
        with self._database.write() as connection:  # committed: what is rolled back never reaches the disk
            emit(connection, "probe", "", "", room=secrets.token_hex(SONG_ROW_BYTES // 2))
            connection.execute(delete(events).where(events.c.kind == "probe"))
