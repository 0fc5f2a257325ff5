"""How long takes will wait: places in the queue, and times by the speeds that were measured."""

import time
from collections import defaultdict
from dataclasses import replace

from sqlalchemy import Connection, func, select

from khala.jobs.claims import ALIVE
from khala.jobs.records import WEIGHTS, Song, Take
from khala.jobs.rows import queue_order
from khala.jobs.tables import paces, takes, workers

UNKNOWN = 30.0
"""Seconds after which to ask again while nothing was measured."""


class Outlook:
    """The queue at one moment. A time is the work ahead, by the recent pace of each stage, over the live workers."""

    def __init__(self, connection: Connection) -> None:
        self._workers: int = connection.execute(
            select(func.count()).select_from(workers).where(workers.c.heartbeat > time.time() - ALIVE)
        ).scalar_one()
        self._paces: dict[str, dict[str, float]] = defaultdict(dict)
        for model, stage, pace in connection.execute(select(paces)):
            self._paces[model][stage] = pace
        running = select(takes.c.model, takes.c.duration, takes.c.stage, takes.c.stage_progress)
        self._running = [
            self._work(model, duration, stage, progress)
            for model, duration, stage, progress in connection.execute(running.where(takes.c.state == "running"))
        ]
        self._queue = queue_order(connection)
        self._place = {row["id"]: place for place, row in enumerate(self._queue)}
        self._ahead: list[float | None] = [_sum(self._running)]
        for row in self._queue:
            self._ahead.append(_sum([self._ahead[-1], self._work(row["model"], row["duration"])]))

    def of(self, song: Song, take: Take) -> Take:
        """The take with its place in the queue and the seconds until it is done, where these can be told."""
        if take.state == "running":
            return replace(take, eta=self._work(song.model, song.request.duration, take.stage, take.stage_progress))
        if take.state != "queued" or take.id not in self._place:
            return take
        place = self._place[take.id]
        own = self._work(song.model, song.request.duration)
        return replace(take, position=place + 1, eta=_sum([self._shared(self._ahead[place]), own]))

    def seconds_until_room(self, more: int, owner_id: str | None = None) -> float:
        """Seconds until `more` of the queued takes (of an owner) have left the queue, 1 at least."""
        places = [place for place, row in enumerate(self._queue) if owner_id in (None, row["owner_id"])]
        if not places:
            return UNKNOWN
        ahead = self._shared(self._ahead[places[min(more, len(places)) - 1]])
        return UNKNOWN if ahead is None else max(1.0, ahead)

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
