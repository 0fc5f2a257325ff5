"""Events, running totals and measured speeds, each recorded in the transaction of the change that it describes."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from khala.jobs.tables import counts, events, stage_speeds
from khala.music.loras import parted

_EVENT = insert(events)

RECENT_WEIGHT = 0.2
"""Weight of the newest run in a measured speed."""


def emit(
    connection: Connection, kind: str, song_id: str, owner_id: str, take_id: str | None = None, **data: Any
) -> None:
    """Add an event (`records.EventRecord`). Writers take turns, so ids grow in the order of commits."""
    emit_all(connection, kind, song_id, owner_id, [take_id], **data)


def emit_all(
    connection: Connection, kind: str, song_id: str, owner_id: str, take_ids: Sequence[str | None], **data: Any
) -> None:
    """Add the same event for several takes of a song, in their order."""
    event = {"song_id": song_id, "owner_id": owner_id, "kind": kind, "data": data, "created": time.time()}
    connection.execute(_EVENT, [{**event, "take_id": take_id} for take_id in take_ids])


def count(connection: Connection, name: str, model: str, label: str = "", amount: float = 0.0) -> None:
    """Count one thing of size `amount` in a running total (`records.Count`); adapters of the model count with it."""
    model, _ = parted(model)
    where = (counts.c.name == name) & (counts.c.model == model) & (counts.c.label == label)
    more = {"count": counts.c.count + 1, "total": counts.c.total + amount}
    if not connection.execute(update(counts).where(where).values(more)).rowcount:
        row = {"name": name, "model": model, "label": label, "count": 1, "total": amount}
        connection.execute(insert(counts).values(row))


def update_speed(connection: Connection, model: str, stage: str, seconds_per_second: float) -> None:
    """Update the measured speed of a stage: seconds of work for a second of song, an exponential moving average.
    Adapters of the model change nothing in that."""
    model, _ = parted(model)
    where = (stage_speeds.c.model == model) & (stage_speeds.c.stage == stage)
    before = connection.execute(select(stage_speeds.c.seconds_per_second).where(where)).scalar()
    if before is None:
        row = {"model": model, "stage": stage, "seconds_per_second": seconds_per_second}
        connection.execute(insert(stage_speeds).values(row))
    else:
        average = before + RECENT_WEIGHT * (seconds_per_second - before)
        connection.execute(update(stage_speeds).where(where).values(seconds_per_second=average))
