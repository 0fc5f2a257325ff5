"""Claims of workers on takes: which worker makes which take, heartbeats, finished stages, and lost workers.

A claim is identified by its take and its `attempt`. Cancelling a take, deleting it and giving it to another worker all
end the claim; the worker learns of it at its next heartbeat, and whatever it still writes is refused.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from khala.jobs import rows
from khala.jobs.database import Database
from khala.jobs.journal import count, emit, update_speed
from khala.jobs.records import HEARD, Artifact, Claim, Origin
from khala.jobs.tables import artifacts, events, new_id, owners, songs, takes, workers
from khala.music.request import SongRequest

WORKER_TIMEOUT_SECONDS = 15.0
"""A worker counts as dead after this long without a heartbeat."""

CLEARED_NOTE = {"note": None, "note_kind": None}
"""Columns of a take that waits for no store."""

MAX_LOSSES = 4
"""A take that costs this many workers without finishing a stage fails as their likely cause."""


class ClaimLost(BaseException):
    """The take no longer belongs to this worker: leave it, and record nothing.

    Not an Exception: the workflow engine would keep that as the outcome of the step, and never run it again.
    """


@dataclass(frozen=True)
class StageProgress:
    """Progress of a take: its stage, the share of it that is done (0..1), and a note of that kind if it waits for a
    store."""

    stage: str | None
    done: float
    note: str | None = None
    note_kind: str | None = None


class Claims:
    """The claims of one worker. Every method raises StoreError while the database does not answer."""

    def __init__(self, database: Database, host: str, device: str) -> None:
        self._database = database
        self.worker_id = new_id()
        self._last_heartbeat = 0.0
        self._row = {"id": self.worker_id, "host": host, "device": device, "started": time.time()}

    def claim(self, slots: int, can_be_live: Callable[[str], bool] = lambda model: False) -> list[Claim]:
        """Claim up to `slots` queued takes, fewer if idle workers share them: in turns between owners, and within each
        owner's limit of running takes.

        All are for one model, so that they can be decoded in one batch. A take that has cost a worker is claimed alone,
        so that it harms no other; and so is the first take of a song behind which no other waits, if takes of its model
        `can_be_live`: somebody wants to hear it.
        """
        with self._database.read() as connection:  # usually there is none, and no reason to wait for the write lock
            if connection.execute(select(takes.c.id).where(takes.c.state == "queued").limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            if connection.execute(select(workers.c.id).where(workers.c.id == self.worker_id)).first() is None:
                row = {**self._row, "heartbeat": time.time()}  # the take of an unknown worker would count as lost
                connection.execute(insert(workers).values(row))
            chosen = self._choose(connection, slots, can_be_live)
            return [self._take(connection, row) for row in chosen]

    def heartbeat(self, progress: Mapping[tuple[str, int], StageProgress], model: str | None) -> set[str]:
        """Record that this worker lives and the progress of its takes, by (take id, attempt); returns the ids of takes
        that it has lost. Writes at most once a second, however often it is called."""
        with self._database.read() as connection:
            rows_now = {key: self._row_of(connection, *key) for key in progress}
        lost = {take_id for (take_id, _), row in rows_now.items() if row is None}
        moved = any(row is not None and progress[key] != _progress(row) for key, row in rows_now.items())
        if time.time() - self._last_heartbeat < (1.0 if moved else WORKER_TIMEOUT_SECONDS / 5):
            return lost
        with self._database.write() as connection:
            self._last_heartbeat = time.time()
            values = {"heartbeat": self._last_heartbeat, "model": model}
            if not connection.execute(update(workers).where(workers.c.id == self.worker_id).values(values)).rowcount:
                connection.execute(insert(workers).values(**self._row, **values))
            for (take_id, attempt), at in progress.items():
                row = self._row_of(connection, take_id, attempt)
                if row is not None and at != _progress(row):
                    self._move(connection, row, at)
        return lost

    def retire(self) -> None:
        """Remove this worker. Takes that it still holds go back to the queue."""
        with self._database.write() as connection:
            _release(connection, takes.c.worker_id == self.worker_id, "the worker ended", loss=False)
            connection.execute(delete(workers).where(workers.c.id == self.worker_id))

    def workers(self) -> list[str]:
        """Return the ids of all workers that have not been found dead."""
        with self._database.read() as connection:
            return list(connection.execute(select(workers.c.id)).scalars())

    def active(self, take_ids: Collection[str]) -> set[str]:
        """Return the ids of those takes that are queued or running."""
        query = select(takes.c.id).where(takes.c.id.in_(take_ids), takes.c.state.in_(("queued", "running")))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def artifact(self, claim: Claim, kind: str) -> Artifact | None:
        """Return the stored file `kind` of a take, left by an earlier stage or attempt; None if there is none."""
        return next((artifact for artifact in self.artifacts(claim) if artifact.kind == kind), None)

    def artifacts(self, claim: Claim) -> list[Artifact]:
        """Return all stored files of a take."""
        with self._database.read() as connection:
            return rows.read_artifacts(connection, artifacts.c.take_id == claim.take_id)

    def finish_stage(
        self,
        claim: Claim,
        stored: Sequence[Artifact],
        seconds: Mapping[str, float],
        audio_seconds: float,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Record the files of a finished stage, or of a part of it, in one transaction; `seconds` of work by stage that
        is finished. With `metadata` the take is done.

        Raises ClaimLost, and records nothing, if the claim has ended.
        """
        with self._database.write() as connection:
            self._require(connection, claim)
            for artifact in stored:
                connection.execute(insert(artifacts).values(**vars(artifact)))
            for stage, spent in seconds.items():
                count(connection, "stage_seconds", claim.model, stage, spent)
                count(connection, "stage_audio_seconds", claim.model, stage, audio_seconds)
                if claim.origin is None:  # a rework leaves out some of the work
                    update_speed(connection, claim.model, stage, spent / audio_seconds)
                data = {"stage": stage, "seconds": round(spent, 3)}
                emit(connection, "stage", claim.song_id, claim.owner_id, claim.take_id, **data)
            if any(artifact.kind.startswith(HEARD) for artifact in stored):
                heard = round(audio_seconds, 2)
                emit(connection, "live", claim.song_id, claim.owner_id, claim.take_id, heard=heard)
            values: dict[str, Any] = {"losses": 0, **CLEARED_NOTE}
            if metadata is not None:
                values |= {"state": "done", "worker_id": None, "finished": time.time(), "metadata": metadata}
                values |= {"stage": None, "stage_progress": 0.0}
                self._forget_progress(connection, claim)
                data = {"duration": metadata["duration"]}
                emit(connection, "done", claim.song_id, claim.owner_id, claim.take_id, **data)
                count(connection, "takes", claim.model, "done")
            connection.execute(update(takes).where(takes.c.id == claim.take_id).values(values))

    def fail(self, claim: Claim, error: str, kind: str) -> None:
        """Record that the take itself cannot be made; `kind` is a `music.errors.Kind`. Raises ClaimLost."""
        with self._database.write() as connection:
            self._require(connection, claim)
            _fail(connection, claim.take_id, claim.song_id, claim.owner_id, claim.model, error, kind)
            self._forget_progress(connection, claim)

    def give_back(self, claims: Sequence[Claim], reason: str, loss: bool = False) -> None:
        """Put takes that this worker does not finish back into the queue; `loss`: they may be the cause."""
        with self._database.write() as connection:
            for claim in claims:
                where = (takes.c.id == claim.take_id) & (takes.c.attempt == claim.attempt)
                _release(connection, where & (takes.c.state == "running"), reason, loss)

    def _choose(self, connection: Connection, slots: int, can_be_live: Callable[[str], bool]) -> list[RowMapping]:
        running = select(takes.c.owner_id).where(takes.c.state == "running")
        load = Counter(connection.execute(running).scalars())
        limits = {row.id: row.running_limit for row in connection.execute(select(owners))}
        waiting = rows.queue_order(connection)
        slots = min(slots, math.ceil(len(waiting) / self._idle_workers(connection)))
        alone = self._is_one_new_song(connection, waiting)
        chosen: list[RowMapping] = []
        for row in waiting:
            if load[row["owner_id"]] >= limits[row["owner_id"]]:
                continue
            if chosen and (row["losses"] or row["model"] != chosen[0]["model"]):
                continue
            chosen.append(row)
            load[row["owner_id"]] += 1
            if len(chosen) == slots or row["losses"] or (alone and can_be_live(row["model"])):
                break
        return chosen

    def _is_one_new_song(self, connection: Connection, waiting: Sequence[RowMapping]) -> bool:
        """Return whether all that waits is a song of which no take was begun."""
        song_ids = {row["song_id"] for row in waiting}
        begun = takes.c.song_id.in_(song_ids) & takes.c.started.is_not(None)
        return len(song_ids) == 1 and connection.execute(select(takes.c.id).where(begun)).first() is None

    def _idle_workers(self, connection: Connection) -> int:
        """Return the number of live workers with nothing to do, this one included."""
        busy = select(takes.c.worker_id).where(takes.c.state == "running")
        idle = (
            (workers.c.heartbeat > time.time() - WORKER_TIMEOUT_SECONDS)
            & workers.c.id.not_in(busy)
            & (workers.c.id != self.worker_id)
        )
        return 1 + connection.execute(select(func.count()).select_from(workers).where(idle)).scalar_one()

    def _take(self, connection: Connection, row: RowMapping) -> Claim:
        now = time.time()
        before = connection.execute(select(takes).where(takes.c.id == row["id"])).mappings().one()
        attempt = before["attempt"] + 1
        values = {"state": "running", "worker_id": self.worker_id, "attempt": attempt, **CLEARED_NOTE}
        change = update(takes).where(takes.c.id == row["id"])
        connection.execute(change.values(**values, started=before["started"] or now, stage=None, stage_progress=0.0))
        turn = select(func.max(owners.c.turn) + 1).scalar_subquery()
        connection.execute(update(owners).where(owners.c.id == row["owner_id"]).values(turn=turn))
        if before["started"] is None:
            count(connection, "queue_wait_seconds", row["model"], amount=now - before["queued"])
        emit(connection, "started", before["song_id"], row["owner_id"], row["id"], worker=self.worker_id)
        song = select(songs.c.request, songs.c.asked_seconds, songs.c.origin).where(songs.c.id == before["song_id"])
        request, asked_seconds, origin = connection.execute(song).one()
        names = ("song_id", "owner_id", "number", "seed", "model", "losses")
        return Claim(
            take_id=row["id"],
            request=SongRequest.from_dict(request),
            attempt=attempt,
            asked_seconds=asked_seconds,
            origin=Origin.from_dict(origin) if origin else None,
            **{name: before[name] for name in names},
        )

    def _move(self, connection: Connection, row: RowMapping, at: StageProgress) -> None:
        values = {"stage": at.stage, "stage_progress": at.done, "note": at.note, "note_kind": at.note_kind}
        connection.execute(update(takes).where(takes.c.id == row["id"]).values(values))
        ids = (row["song_id"], row["owner_id"], row["id"])
        if at.note is not None and at.note != row["note"]:
            emit(connection, "waiting", *ids, note=at.note, note_kind=at.note_kind)
        elif at.stage is not None:
            emit(connection, "progress", *ids, stage=at.stage, done=round(at.done, 4))

    def _row_of(self, connection: Connection, take_id: str, attempt: int) -> RowMapping | None:
        mine = (takes.c.id == take_id) & (takes.c.attempt == attempt) & (takes.c.state == "running")
        return connection.execute(select(takes).where(mine)).mappings().first()

    def _require(self, connection: Connection, claim: Claim) -> None:
        if self._row_of(connection, claim.take_id, claim.attempt) is None:
            raise ClaimLost(claim.take_id)

    def _forget_progress(self, connection: Connection, claim: Claim) -> None:
        """Delete the events of a take that has ended which said how far it was."""
        its = (events.c.song_id == claim.song_id) & (events.c.take_id == claim.take_id)
        connection.execute(delete(events).where(its & events.c.kind.in_(("progress", "live"))))


def _progress(row: RowMapping) -> StageProgress:
    return StageProgress(row["stage"], row["stage_progress"], row["note"], row["note_kind"])


def release_lost(database: Database) -> list[str]:
    """Put the takes of dead workers back into the queue and remove those workers; returns the ids of the takes."""
    before = time.time() - WORKER_TIMEOUT_SECONDS
    with database.read() as connection:  # usually there is nothing to do, and no reason to wait for the write lock
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
            error = f"{losses} workers in a row were lost while making this take; the last reason: {reason}"
            _fail(connection, row["id"], row["song_id"], row["owner_id"], row["model"], error, "worker-lost")
            continue
        values = {"state": "queued", "worker_id": None, "attempt": row["attempt"] + 1, "losses": losses, **CLEARED_NOTE}
        change = update(takes).where(takes.c.id == row["id"])
        connection.execute(change.values(**values, stage=None, stage_progress=0.0))
        emit(connection, "requeued", row["song_id"], row["owner_id"], row["id"], reason=reason)
        count(connection, "requeued", row["model"], reason)


def _fail(connection: Connection, take_id: str, song_id: str, owner_id: str, model: str, error: str, kind: str) -> None:
    values = {"state": "failed", "worker_id": None, "error": error, "error_kind": kind, **CLEARED_NOTE}
    change = update(takes).where(takes.c.id == take_id)
    connection.execute(change.values(**values, finished=time.time(), attempt=takes.c.attempt + 1))
    emit(connection, "failed", song_id, owner_id, take_id, error=error, error_kind=kind)
    count(connection, "takes", model, "failed")
    count(connection, "failures", model, kind)
