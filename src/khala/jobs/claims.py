"""Which worker makes which take: claims, heartbeats, finished stages, and what happens when a worker is lost.

A claim is told by its take and its `attempt`. Cancelling a take, deleting it and giving it to somebody else all end the
claim; the worker hears of it at its next heartbeat, and nothing that it still writes is taken.
"""

import math
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from khala.jobs import rows
from khala.jobs.database import Database
from khala.jobs.journal import emit, keep_pace, tally
from khala.jobs.records import Artifact, Claim
from khala.jobs.tables import artifacts, events, new_id, owners, songs, takes, workers
from khala.music.request import SongRequest

ALIVE = 15.0
"""Seconds without a heartbeat after which a worker counts as dead."""

NO_NOTE = {"note": None, "note_kind": None}
"""Columns of a take that waits for nothing."""

MAX_LOSSES = 4
"""Workers that a take may cost between two finished stages before it is given up as the cause."""


class Lost(BaseException):
    """The take belongs to this worker no longer: leave it, and record nothing.

    Not an Exception: the workflow engine would keep one as the outcome of a step, for whoever comes after.
    """


@dataclass(frozen=True)
class Point:
    """Where a take is: the stage, how much of it is done (0..1), what it waits for, if anything, and of which kind
    that is."""

    stage: str | None
    done: float
    note: str | None = None
    note_kind: str | None = None


class Claims:
    """What one worker may do to takes. Every method raises StoreError while the database does not answer."""

    def __init__(self, database: Database, host: str, device: str) -> None:
        self._database = database
        self.worker_id = new_id()
        self._beaten = 0.0
        self._row = {"id": self.worker_id, "host": host, "device": device, "started": time.time()}

    def claim(self, slots: int) -> list[Claim]:
        """Up to `slots` of the takes that wait, fewer if idle workers share them: fair between owners, within what each
        may have running.

        They are all for one model, so that they can be decoded in one batch. A take that workers were lost over comes
        alone, so that it harms no other.
        """
        with self._database.read() as connection:  # most of the time there is none, and no reason to take a turn
            if connection.execute(select(takes.c.id).where(takes.c.state == "queued").limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            if connection.execute(select(workers.c.id).where(workers.c.id == self.worker_id)).first() is None:
                row = {**self._row, "heartbeat": time.time()}  # a take whose worker nobody knows would count as lost
                connection.execute(insert(workers).values(row))
            chosen = self._choose(connection, slots)
            return [self._take(connection, row) for row in chosen]

    def beat(self, points: Mapping[tuple[str, int], Point], model: str | None) -> set[str]:
        """Say that this worker lives and, by (take id, attempt), where its takes are; returns the ids of those that are
        not its own any more. It writes no more than once a second, so it may be called more often."""
        with self._database.read() as connection:
            rows_now = {key: self._row_of(connection, *key) for key in points}
        lost = {take_id for (take_id, _), row in rows_now.items() if row is None}
        moved = any(row is not None and points[key] != _point(row) for key, row in rows_now.items())
        if time.time() - self._beaten < (1.0 if moved else ALIVE / 5):
            return lost
        with self._database.write() as connection:
            self._beaten = time.time()
            values = {"heartbeat": self._beaten, "model": model}
            if not connection.execute(update(workers).where(workers.c.id == self.worker_id).values(values)).rowcount:
                connection.execute(insert(workers).values(**self._row, **values))
            for (take_id, attempt), point in points.items():
                row = self._row_of(connection, take_id, attempt)
                if row is not None and point != _point(row):
                    self._move(connection, row, point)
        return lost

    def retire(self) -> None:
        """Say that this worker ends. What it still holds goes back to the queue."""
        with self._database.write() as connection:
            _release(connection, takes.c.worker_id == self.worker_id, "the worker ended", loss=False)
            connection.execute(delete(workers).where(workers.c.id == self.worker_id))

    def workers(self) -> list[str]:
        """Ids of all workers that nobody has found dead."""
        with self._database.read() as connection:
            return list(connection.execute(select(workers.c.id)).scalars())

    def live(self, take_ids: Collection[str]) -> set[str]:
        """Those of the takes that wait or run."""
        query = select(takes.c.id).where(takes.c.id.in_(take_ids), takes.c.state.in_(("queued", "running")))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def artifact(self, claim: Claim, kind: str) -> Artifact | None:
        """What an earlier attempt, or an earlier stage, left."""
        with self._database.read() as connection:
            where = (artifacts.c.take_id == claim.take_id) & (artifacts.c.kind == kind)
            found = rows.read_artifacts(connection, where)
        return found[0] if found else None

    def finish_stage(
        self,
        claim: Claim,
        made: Sequence[Artifact],
        seconds: Mapping[str, float],
        audio_seconds: float,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Record what a stage made, all at once; `seconds` of work by stage. With `metadata` the take is done.

        Raises Lost if the claim has ended: then nothing is recorded.
        """
        with self._database.write() as connection:
            self._require(connection, claim)
            for artifact in made:
                connection.execute(insert(artifacts).values(**vars(artifact)))
            for stage, spent in seconds.items():
                tally(connection, "stage_seconds", claim.model, stage, spent)
                tally(connection, "stage_audio_seconds", claim.model, stage, audio_seconds)
                keep_pace(connection, claim.model, stage, spent / audio_seconds)
                data = {"stage": stage, "seconds": round(spent, 3)}
                emit(connection, "stage", claim.song_id, claim.owner_id, claim.take_id, **data)
            values: dict[str, Any] = {"losses": 0, **NO_NOTE}
            if metadata is not None:
                values |= {"state": "done", "worker_id": None, "finished": time.time(), "metadata": metadata}
                values |= {"stage": None, "stage_progress": 0.0}
                self._forget_progress(connection, claim)
                data = {"duration": metadata["duration"]}
                emit(connection, "done", claim.song_id, claim.owner_id, claim.take_id, **data)
                tally(connection, "takes", claim.model, "done")
            connection.execute(update(takes).where(takes.c.id == claim.take_id).values(values))

    def fail(self, claim: Claim, error: str, kind: str) -> None:
        """The take cannot be made, by its own fault, of a `music.errors.Kind`. Raises Lost."""
        with self._database.write() as connection:
            self._require(connection, claim)
            _fail(connection, claim.take_id, claim.song_id, claim.owner_id, claim.model, error, kind)
            self._forget_progress(connection, claim)

    def give_back(self, claims: Sequence[Claim], reason: str, loss: bool = False) -> None:
        """Queue takes again that this worker does not finish; with `loss` they may be the reason why."""
        with self._database.write() as connection:
            for claim in claims:
                where = (takes.c.id == claim.take_id) & (takes.c.attempt == claim.attempt)
                _release(connection, where & (takes.c.state == "running"), reason, loss)

    def _choose(self, connection: Connection, slots: int) -> list[RowMapping]:
        running = select(takes.c.owner_id).where(takes.c.state == "running")
        load = Counter(connection.execute(running).scalars())
        limits = {row.id: row.running_limit for row in connection.execute(select(owners))}
        waiting = rows.queue_order(connection)
        slots = min(slots, math.ceil(len(waiting) / self._idle_workers(connection)))
        chosen: list[RowMapping] = []
        for row in waiting:
            if load[row["owner_id"]] >= limits[row["owner_id"]]:
                continue
            if chosen and (row["losses"] or row["model"] != chosen[0]["model"]):
                continue
            chosen.append(row)
            load[row["owner_id"]] += 1
            if len(chosen) == slots or row["losses"]:
                break
        return chosen

    def _idle_workers(self, connection: Connection) -> int:
        """How many live workers have nothing to do, this one included."""
        busy = select(takes.c.worker_id).where(takes.c.state == "running")
        idle = (
            (workers.c.heartbeat > time.time() - ALIVE) & workers.c.id.not_in(busy) & (workers.c.id != self.worker_id)
        )
        return 1 + connection.execute(select(func.count()).select_from(workers).where(idle)).scalar_one()

    def _take(self, connection: Connection, row: RowMapping) -> Claim:
        now = time.time()
        before = connection.execute(select(takes).where(takes.c.id == row["id"])).mappings().one()
        attempt = before["attempt"] + 1
        values = {"state": "running", "worker_id": self.worker_id, "attempt": attempt, **NO_NOTE}
        change = update(takes).where(takes.c.id == row["id"])
        connection.execute(change.values(**values, started=before["started"] or now, stage=None, stage_progress=0.0))
        turn = select(func.max(owners.c.turn) + 1).scalar_subquery()
        connection.execute(update(owners).where(owners.c.id == row["owner_id"]).values(turn=turn))
        if before["started"] is None:
            tally(connection, "queue_wait_seconds", row["model"], amount=now - before["queued"])
        emit(connection, "started", before["song_id"], row["owner_id"], row["id"], worker=self.worker_id)
        asked = select(songs.c.request, songs.c.asked_seconds).where(songs.c.id == before["song_id"])
        request, asked_seconds = connection.execute(asked).one()
        names = ("song_id", "owner_id", "number", "seed", "model", "losses")
        return Claim(
            take_id=row["id"],
            request=SongRequest.from_dict(request),
            attempt=attempt,
            asked_seconds=asked_seconds,
            **{name: before[name] for name in names},
        )

    def _move(self, connection: Connection, row: RowMapping, point: Point) -> None:
        values = {"stage": point.stage, "stage_progress": point.done}
        values |= {"note": point.note, "note_kind": point.note_kind}
        connection.execute(update(takes).where(takes.c.id == row["id"]).values(values))
        place = (row["song_id"], row["owner_id"], row["id"])
        if point.note is not None and point.note != row["note"]:
            emit(connection, "waiting", *place, note=point.note, note_kind=point.note_kind)
        elif point.stage is not None:
            emit(connection, "progress", *place, stage=point.stage, done=round(point.done, 4))

    def _row_of(self, connection: Connection, take_id: str, attempt: int) -> RowMapping | None:
        mine = (takes.c.id == take_id) & (takes.c.attempt == attempt) & (takes.c.state == "running")
        return connection.execute(select(takes).where(mine)).mappings().first()

    def _require(self, connection: Connection, claim: Claim) -> None:
        if self._row_of(connection, claim.take_id, claim.attempt) is None:
            raise Lost(claim.take_id)

    def _forget_progress(self, connection: Connection, claim: Claim) -> None:
        """Of a take that has ended nobody asks how far it was."""
        old = (events.c.song_id == claim.song_id) & (events.c.take_id == claim.take_id) & (events.c.kind == "progress")
        connection.execute(delete(events).where(old))


def _point(row: RowMapping) -> Point:
    return Point(row["stage"], row["stage_progress"], row["note"], row["note_kind"])


def release_lost(database: Database) -> list[str]:
    """Queue the takes of workers that no longer live again and forget those workers; returns the takes' ids."""
    before = time.time() - ALIVE
    with database.read() as connection:  # most of the time there is nothing to do, and no reason to take a turn
        if not _orphans(connection, before) and not connection.execute(_dead(before)).first():
            return []
    with database.write() as connection:
        orphans = _orphans(connection, before)
        for take_id in orphans:
            _release(connection, takes.c.id == take_id, "the worker was lost", loss=True)
        connection.execute(delete(workers).where(workers.c.heartbeat <= before))
        return orphans


def _dead(before: float) -> Any:
    return select(workers.c.id).where(workers.c.heartbeat <= before)


def _orphans(connection: Connection, before: float) -> list[str]:
    alive = select(workers.c.id).where(workers.c.heartbeat > before)
    query = select(takes.c.id).where(takes.c.state == "running", takes.c.worker_id.not_in(alive))
    return list(connection.execute(query).scalars())


def _release(connection: Connection, where: Any, reason: str, loss: bool) -> None:
    for row in connection.execute(select(takes).where(where)).mappings().all():
        losses = row["losses"] + loss
        if losses >= MAX_LOSSES:
            error = f"{losses} workers were lost over this take, one after another; the last: {reason}"
            _fail(connection, row["id"], row["song_id"], row["owner_id"], row["model"], error, "worker-lost")
            continue
        values = {"state": "queued", "worker_id": None, "attempt": row["attempt"] + 1, "losses": losses, **NO_NOTE}
        change = update(takes).where(takes.c.id == row["id"])
        connection.execute(change.values(**values, stage=None, stage_progress=0.0))
        emit(connection, "requeued", row["song_id"], row["owner_id"], row["id"], reason=reason)
        tally(connection, "requeued", row["model"], reason)


def _fail(connection: Connection, take_id: str, song_id: str, owner_id: str, model: str, error: str, kind: str) -> None:
    values = {"state": "failed", "worker_id": None, "error": error, "error_kind": kind, **NO_NOTE}
    change = update(takes).where(takes.c.id == take_id)
    connection.execute(change.values(**values, finished=time.time(), attempt=takes.c.attempt + 1))
    emit(connection, "failed", song_id, owner_id, take_id, error=error, error_kind=kind)
    tally(connection, "takes", model, "failed")
    tally(connection, "failures", model, kind)
