"""Estimates of the queue: positions of takes, and waiting times from measured speeds.

The cost does not grow with the queue: of other owners' takes, which come in turns with one's own, only their number and
mean length are read.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Double, String, bindparam, func, select, tuple_

from khala.jobs.claims import WORKER_TIMEOUT_SECONDS
from khala.jobs.records import STAGE_SHARES, SongRecord, TakeRecord
from khala.jobs.tables import TakeNumber, owners, stage_speeds, takes, workers
from khala.music.loras import parted

DEFAULT_WAIT_SECONDS = 30.0
"""When to try again, while no speed has been measured."""

# built once: building a statement takes longer than running it
_WORKERS = select(func.count()).select_from(workers).where(workers.c.heartbeat > bindparam("since"))
_SPEEDS = select(stage_speeds.c.model, stage_speeds.c.stage, stage_speeds.c.seconds_per_second)
_RUNNING = select(takes.c.worker_id, takes.c.model, takes.c.duration, takes.c.stage, takes.c.stage_progress).where(
    takes.c.state == "running"
)
_BY_OWNER = (takes.c.owner_id, owners.c.turn, takes.c.model)
_WAITING = (
    select(*_BY_OWNER, func.sum(takes.c.duration).label("length"), func.count().label("number"))
    .join(owners, owners.c.id == takes.c.owner_id)
    .where(takes.c.state == "queued")
    .group_by(*_BY_OWNER)
)
_EARLIER = (
    select(takes.c.model, func.sum(takes.c.duration), func.count())
    .where(takes.c.state == "queued", takes.c.owner_id == bindparam("owner"))
    .where(
        tuple_(takes.c.queued, takes.c.song_id, takes.c.number)
        < tuple_(
            bindparam("queued", type_=Double), bindparam("song", type_=String), bindparam("number", type_=TakeNumber)
        )
    )
    .group_by(takes.c.model)
)


@dataclass
class _Waiting:
    """The queued takes of an owner: their number, and seconds of `work` for all of them (None: not measured)."""

    turn: tuple[int, str]
    number: int = 0
    work: float | None = 0.0

    def work_of_first(self, number: int) -> float | None:
        """Return the work of the first `number` of them, each counted as average."""
        return 0.0 if number == 0 else self.work and self.work * number / self.number


class QueueEstimate:
    """Estimates for the queue at one moment: the work ahead, from the recent speed of each stage, over the live
    workers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._workers: int = connection.execute(_WORKERS, {"since": time.time() - WORKER_TIMEOUT_SECONDS}).scalar_one()
        self._seconds_per_second: dict[str, dict[str, float]] = defaultdict(dict)
        for model, stage, seconds_per_second in connection.execute(_SPEEDS):
            self._seconds_per_second[model][stage] = seconds_per_second
        self._busy: dict[str, float | None] = {}
        for worker, *rest in connection.execute(_RUNNING):
            self._busy[worker] = _sum([self._busy.get(worker, 0.0), self._work(*rest)])
        self._running = _sum(list(self._busy.values()))
        self._waiting: dict[str, _Waiting] = {}
        for row in connection.execute(_WAITING):
            owner = self._waiting.setdefault(row.owner_id, _Waiting((row.turn, row.owner_id)))
            owner.number += row.number
            owner.work = _sum([owner.work, self._work(row.model, row.length)])

    def of(self, song: SongRecord, take: TakeRecord) -> TakeRecord:
        """Return the take with its position in the queue and the seconds until it is done, where these can be
        estimated."""
        if take.state == "running":
            return replace(take, eta=self._busy[str(take.worker_id)])  # it shares its worker with the rest of its batch
        if take.state != "queued":
            return take
        before, work = self._earlier(song.owner_id, take)
        number, ahead = self._ahead(song.owner_id, before, work)
        eta = _sum([self._shared(ahead), self._work(song.model, song.request.duration)])
        return replace(take, position=number + 1, eta=eta)

    def seconds_until_room(self, more: int, owner_id: str | None = None) -> float:
        """Estimate the seconds until `more` of the queued takes (of an owner) have left the queue, at least 1."""
        if owner_id in self._waiting:
            own = self._waiting[owner_id]
            before = min(more, own.number) - 1
            _, ahead = self._ahead(owner_id, before, own.work_of_first(before))
        else:
            number = sum(owner.number for owner in self._waiting.values())
            work = _sum([owner.work for owner in self._waiting.values()])
            ahead = _sum([self._running, None if work is None else work * min(more, number) / max(number, 1)])
        seconds = self._shared(ahead)
        return DEFAULT_WAIT_SECONDS if seconds is None else max(1.0, seconds)

    def _earlier(self, owner_id: str, take: TakeRecord) -> tuple[int, float | None]:
        """Return the number and the work of the takes of the same owner that come before a take."""
        which = {"owner": owner_id, "queued": take.queued, "song": take.song_id, "number": take.number}
        groups = self._connection.execute(_EARLIER, which).all()
        return sum(number for *_, number in groups), _sum([self._work(model, length) for model, length, _ in groups])

    def _ahead(self, owner_id: str, before: int, work: float | None) -> tuple[int, float | None]:
        """Return the number and the work of all takes before one; `before` of them, amounting to `work`, are its
        owner's."""
        number, parts = before, [self._running, work]
        own = self._waiting.get(owner_id, _Waiting((0, owner_id)))  # its last take may just have left the queue
        for other, waiting in self._waiting.items():
            if other != owner_id:
                first = min(waiting.number, before + (waiting.turn < own.turn))
                number += first
                parts.append(waiting.work_of_first(first))
        return number, _sum(parts)

    def _shared(self, work: float | None) -> float | None:
        return work / self._workers if work is not None and self._workers else None

    def _work(self, model: str, duration: float, stage: str | None = None, progress: float = 0.0) -> float | None:
        """Return the seconds that one worker needs for the rest of a take; None if a stage of the model was never
        measured."""
        speeds = self._seconds_per_second[parted(model)[0]]
        if not set(STAGE_SHARES) <= set(speeds):
            return None
        stages = list(STAGE_SHARES)
        at = stages.index(stage) if stage in STAGE_SHARES else 0
        left = sum(speeds[name] for name in stages[at:])
        return duration * (left - (speeds[stages[at]] * progress if stage in STAGE_SHARES else 0.0))


def _sum(parts: list[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
