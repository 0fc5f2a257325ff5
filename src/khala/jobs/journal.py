"""Writing down what happened, within the transaction in which it does: events and running totals."""

import time
from typing import Any

from sqlalchemy import Connection, insert, select, update

from khala.jobs.tables import events, paces, tallies

RECENT = 0.2
"""How much the newest run counts in a pace."""


def emit(
    connection: Connection, kind: str, song_id: str, owner_id: str, take_id: str | None = None, **data: Any
) -> None:
    """Add an event (`records.Event`). Writers take turns, so ids grow in the order of commits."""
    connection.execute(
        insert(events).values(
            song_id=song_id, owner_id=owner_id, take_id=take_id, kind=kind, data=data, created=time.time()
        )
    )


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
