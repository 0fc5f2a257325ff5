"""Writing down what happened, within the transaction in which it does: events and running totals."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from khala.jobs.tables import events, paces, tallies

_EVENT = insert(events)

RECENT = 0.2
"""How much the newest run counts in a pace."""


def emit(
    connection: Connection, kind: str, song_id: str, owner_id: str, take_id: str | None = None, **data: Any
) -> None:
    """Add an event (`records.Event`). Writers take turns, so ids grow in the order of commits."""
    emit_all(connection, kind, song_id, owner_id, [take_id], **data)


def emit_all(
    connection: Connection, kind: str, song_id: str, owner_id: str, take_ids: Sequence[str | None], **data: Any
) -> None:
    """The same for several takes of a song, in their order."""
    event = {"song_id": song_id, "owner_id": owner_id, "kind": kind, "data": data, "created": time.time()}
    connection.execute(_EVENT, [{**event, "take_id": take_id} for take_id in take_ids])


def tally(connection: Connection, name: str, model: str, label: str = "", amount: float = 0.0, count: int = 1) -> None:
    """Add to a running total (`records.Tally`)."""
    where = (tallies.c.name == name) & (tallies.c.model == model) & (tallies.c.label == label)
    more = {"count": tallies.c.count + count, "total": tallies.c.total + amount}
    if not connection.execute(update(tallies).where(where).values(more)).rowcount:
        row = {"name": name, "model": model, "label": label, "count": count, "total": amount}
        connection.execute(insert(tallies).values(row))


def keep_pace(connection: Connection, model: str, stage: str, pace: float) -> None:
    """Remember that a stage took `pace` seconds for a second of song; recent runs count most."""
    where = (paces.c.model == model) & (paces.c.stage == stage)
    before = connection.execute(select(paces.c.pace).where(where)).scalar()
    if before is None:
        connection.execute(insert(paces).values(model=model, stage=stage, pace=pace))
    else:
        connection.execute(update(paces).where(where).values(pace=before + RECENT * (pace - before)))
