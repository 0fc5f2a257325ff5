"""Rows of the tables as records."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from khala.jobs.records import Artifact, Origin, SongRecord, TakeRecord
from khala.jobs.tables import artifacts, owners, songs, takes
from khala.music.request import SongRequest

_TAKE = [column.name for column in takes.c if column.name not in ("owner_id", "model", "duration", "losses")]


def read_songs(connection: Connection, where: ColumnElement[bool], limit: int | None = None) -> list[SongRecord]:
    """Return songs with their takes, newest first, without positions in the queue (`queue_estimate`)."""
    rows = connection.execute(select(songs).where(where).order_by(songs.c.id.desc()).limit(limit)).mappings().all()
    by_song: dict[str, list[TakeRecord]] = defaultdict(list)
    for take in read_takes(connection, takes.c.song_id.in_([row["id"] for row in rows])):
        by_song[take.song_id].append(take)
    return [song(row, by_song[row["id"]]) for row in rows]


def read_takes(connection: Connection, where: ColumnElement[bool]) -> list[TakeRecord]:
    """Return takes with their artifacts, by number."""
    rows = connection.execute(select(takes).where(where).order_by(takes.c.song_id, takes.c.number)).mappings().all()
    stored = read_artifacts(connection, artifacts.c.take_id.in_([row["id"] for row in rows]))
    by_take: dict[str, list[Artifact]] = defaultdict(list)
    for artifact in stored:
        by_take[artifact.take_id].append(artifact)
    return [take(row, by_take[row["id"]]) for row in rows]


def read_artifacts(connection: Connection, where: ColumnElement[bool]) -> list[Artifact]:
    """Return artifacts, oldest first."""
    rows = connection.execute(select(artifacts).where(where).order_by(artifacts.c.id)).mappings()
    return [Artifact(**row) for row in rows]


def song(row: RowMapping | Mapping[str, Any], takes: Iterable[TakeRecord]) -> SongRecord:
    """Return a song from its row and takes."""
    names = ("id", "owner_id", "model", "title", "liked", "created", "asked_seconds")
    request = SongRequest.from_dict(row["request"])
    origin = Origin.from_dict(row["origin"]) if row["origin"] else None
    return SongRecord(**{name: row[name] for name in names}, request=request, takes=tuple(takes), origin=origin)


def take(row: RowMapping | Mapping[str, Any], artifacts: Iterable[Artifact] = ()) -> TakeRecord:
    """Return a take from its row and artifacts; a column that the row lacks is None."""
    return TakeRecord(**{name: row.get(name) for name in _TAKE}, artifacts=tuple(artifacts))  # type: ignore[arg-type]


def queue_order(connection: Connection) -> list[RowMapping]:
    """Return queued takes in the order in which workers get them: in turns between owners, each owner's by age.

    Rows have id, owner_id, song_id, model, duration, losses.
    """
    turn = func.row_number().over(
        partition_by=takes.c.owner_id, order_by=(takes.c.queued, takes.c.song_id, takes.c.number)
    )
    fields = [takes.c[name] for name in ("id", "owner_id", "song_id", "model", "duration", "losses", "queued")]
    inner = select(*fields, turn.label("round")).where(takes.c.state == "queued").subquery()
    query = (
        select(inner)
        .join(owners, owners.c.id == inner.c.owner_id)
        .order_by(inner.c.round, owners.c.turn, inner.c.owner_id)
    )
    return list(connection.execute(query).mappings())
