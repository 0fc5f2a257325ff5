"""How long takes will wait: places in the queue, and times by the speeds that were measured.

It costs as much for a queue of thousands as for a short one: of other owners' takes, which come in turns with one's
own, only their number and their mean length are asked for.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Double, Integer, String, bindparam, func, select, tuple_

from khala.jobs.claims import ALIVE
from khala.jobs.records import WEIGHTS, Song, Take
from khala.jobs.tables import owners, paces, takes, workers

UNKNOWN = 30.0
"""Seconds after which to ask again while nothing was measured."""

# built once: to build a statement takes longer than to run it
_WORKERS = select(func.count()).select_from(workers).where(workers.c.heartbeat > bindparam("since"))
_PACES = select(paces.c.model, paces.c.stage, paces.c.pace)
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
        < tuple_(bindparam("queued", type_=Double), bindparam("song", type_=String), bindparam("number", type_=Integer))
    )
    .group_by(takes.c.model)
)


@dataclass
class _Waiting:
    """The queued takes of an owner: how many, and what they amount to (None: not measured)."""

    turn: tuple[int, str]
    number: int = 0
    work: float | None = 0.0

    def first(self, number: int) -> float | None:
        """The work of so many of them, each taken for average."""
        return 0.0 if number == 0 else self.work and self.work * number / self.number


class Outlook:
    """The queue at one moment. A time is the work ahead, by the recent pace of each stage, over the live workers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._workers: int = connection.execute(_WORKERS, {"since": time.time() - ALIVE}).scalar_one()
        self._paces: dict[str, dict[str, float]] = defaultdict(dict)
        for model, stage, pace in connection.execute(_PACES):
            self._paces[model][stage] = pace
        self._busy: dict[str, float | None] = {}
        for worker, *rest in connection.execute(_RUNNING):
            self._busy[worker] = _sum([self._busy.get(worker, 0.0), self._work(*rest)])
        self._running = _sum(list(self._busy.values()))
        self._waiting: dict[str, _Waiting] = {}
        for row in connection.execute(_WAITING):
            owner = self._waiting.setdefault(row.owner_id, _Waiting((row.turn, row.owner_id)))
            owner.number += row.number
            owner.work = _sum([owner.work, self._work(row.model, row.length)])

    def of(self, song: Song, take: Take) -> Take:
        """The take with its place in the queue and the seconds until it is done, where these can be told."""
        if take.state == "running":
            return replace(take, eta=self._busy[str(take.worker_id)])  # it takes turns with all that its worker is at
        if take.state != "queued":
            return take
        before, work = self._own(song.owner_id, take)
        place, ahead = self._ahead(song.owner_id, before, work)
        eta = _sum([self._shared(ahead), self._work(song.model, song.request.duration)])
        return replace(take, position=place + 1, eta=eta)

    def seconds_until_room(self, more: int, owner_id: str | None = None) -> float:
        """Seconds until about `more` of the queued takes (of an owner) have left the queue, 1 at least."""
        if owner_id in self._waiting:
            own = self._waiting[owner_id]
            before = min(more, own.number) - 1
            _, ahead = self._ahead(owner_id, before, own.first(before))
        else:
            number = sum(owner.number for owner in self._waiting.values())
            work = _sum([owner.work for owner in self._waiting.values()])
            ahead = _sum([self._running, None if work is None else work * min(more, number) / max(number, 1)])
        seconds = self._shared(ahead)
        return UNKNOWN if seconds is None else max(1.0, seconds)

    def _own(self, owner_id: str, take: Take) -> tuple[int, float | None]:
        """How many takes of the same owner come before a take, and what they amount to."""
        which = {"owner": owner_id, "queued": take.queued, "song": take.song_id, "number": take.number}
        groups = self._connection.execute(_EARLIER, which).all()
        return sum(number for *_, number in groups), _sum([self._work(model, length) for model, length, _ in groups])

    def _ahead(self, owner_id: str, before: int, work: float | None) -> tuple[int, float | None]:
        """Of all takes that come before one with `before` of its owner's, which are so much `work`: number and work."""
        place, parts = before, [self._running, work]
        own = self._waiting.get(owner_id, _Waiting((0, owner_id)))  # its last take may just have left the queue
        for other, waiting in self._waiting.items():
            if other != owner_id:
                number = min(waiting.number, before + (waiting.turn < own.turn))
                place += number
                parts.append(waiting.first(number))
        return place, _sum(parts)

    def _shared(self, work: float | None) -> float | None:
        return work / self._workers if work is not None and self._workers else None

    def _work(self, model: str, duration: float, stage: str | None = None, progress: float = 0.0) -> float | None:
        """Seconds of one worker for what is left of a take; None if a stage of the model was never measured."""
        pace = self._paces[model]
        if not set(WEIGHTS) <= set(pace):
            return None
        stages = list(WEIGHTS)
        at = stages.index(stage) if stage in WEIGHTS else 0
        left = sum(pace[name] for name in stages[at:])
        return duration * (left - (pace[stages[at]] * progress if stage in WEIGHTS else 0.0))


def _sum(parts: list[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
