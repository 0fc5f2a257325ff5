"""The trees of takes that were made out of one another. A take without a row belongs to no other one."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import Connection, delete, insert, select, true, update

from khala.jobs import rows
from khala.jobs.records import SongRecord, TakeRecord, Version
from khala.jobs.tables import lineage, songs, takes
from khala.music.errors import NotFound


def add(connection: Connection, parent_id: str, song_id: str, owner_id: str, take_ids: Sequence[str]) -> None:
    """Add the takes of a new song to the tree of the take that they are made out of. Raises NotFound if that is
    gone."""
    parent = connection.execute(select(takes).where(takes.c.id == parent_id)).mappings().first()
    if parent is None:
        raise NotFound("there is no such take")
    root_id = _root(connection, parent_id)
    if root_id is None:
        root_id = parent_id
        root = {"song_id": parent["song_id"], "owner_id": parent["owner_id"]}
        connection.execute(insert(lineage).values(take_id=root_id, root_id=root_id, **root))
    child = {"song_id": song_id, "owner_id": owner_id, "parent_id": parent_id, "root_id": root_id}
    connection.execute(insert(lineage), [{**child, "take_id": id} for id in take_ids])


def forget(connection: Connection, song: SongRecord) -> None:
    """Remove the takes of a song that is deleted from their trees; those that others were made out of stay as
    nodes."""
    for take in song.takes:
        if _has_children(connection, take.id):
            left = asdict(replace(version(song, take), deleted=True))
            connection.execute(update(lineage).where(lineage.c.take_id == take.id).values(deleted=left))
        else:
            _remove(connection, take.id)


def versions(
    connection: Connection, owner_id: str | None, song: SongRecord, take: TakeRecord
) -> tuple[str, list[Version]]:
    """Return the id of the root of a take's tree, and all takes in it that belong to `owner_id` (None: all), oldest
    first."""
    root_id = _root(connection, take.id)
    if root_id is None:
        return take.id, [version(song, take)]
    its = (lineage.c.root_id == root_id) & (true() if owner_id is None else lineage.c.owner_id == owner_id)
    nodes = connection.execute(select(lineage).where(its).order_by(lineage.c.take_id)).mappings().all()
    there = songs.c.id.in_([node["song_id"] for node in nodes if not node["deleted"]])
    living = {take.id: version(song, take) for song in rows.read_songs(connection, there) for take in song.takes}
    return root_id, [living[node["take_id"]] if not node["deleted"] else Version(**node["deleted"]) for node in nodes]


def version(song: SongRecord, take: TakeRecord) -> Version:
    """Return a take as a node of its tree. A take that is done knows which part of it is new; before, the rework says
    what was asked."""
    origin, record = song.origin, take.metadata or {}
    derived, rework = record.get("derived") or {}, origin and origin.rework
    return Version(
        id=take.id,
        song_id=song.id,
        title=song.title,
        kind=origin.kind if origin else None,
        parent_id=origin.parent_id if origin else None,
        start=derived.get("start", rework and rework.start),
        stop=derived.get("end", rework and rework.stop),
        state=take.state,
        created=take.created,
        duration=record.get("duration"),
    )


def _root(connection: Connection, take_id: str) -> str | None:
    return connection.execute(select(lineage.c.root_id).where(lineage.c.take_id == take_id)).scalar()


def _has_children(connection: Connection, take_id: str) -> bool:
    return connection.execute(select(lineage.c.take_id).where(lineage.c.parent_id == take_id)).first() is not None


def _remove(connection: Connection, take_id: str) -> None:
    """Remove a leaf, and the deleted takes above it that nothing else was made out of."""
    parent_id = connection.execute(select(lineage.c.parent_id).where(lineage.c.take_id == take_id)).scalar()
    connection.execute(delete(lineage).where(lineage.c.take_id == take_id))
    was_deleted = (lineage.c.take_id == parent_id) & lineage.c.deleted.is_not(None)
    above = connection.execute(select(lineage.c.take_id).where(was_deleted)).scalar()
    if above is not None and not _has_children(connection, above):
        _remove(connection, above)
