"""Playlists: takes that an owner wants to hear together, in order."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from khala.jobs import rows
from khala.jobs.database import Database
from khala.jobs.records import SongRecord
from khala.jobs.tables import new_id, playlist_takes, playlists, songs, takes
from khala.music.errors import InvalidRequest, NotFound

MAX_NAME = 200
"""Characters in the name of a playlist."""
MAX_PLAYLISTS = 500
"""Playlists of one owner."""
MAX_PLAYLIST_TAKES = 1000
"""Takes in a playlist."""


@dataclass(frozen=True)
class Playlist:
    """A named list of takes; `takes` are their ids in order, each once."""

    id: str
    name: str
    created: float
    takes: tuple[str, ...]


def require_name(name: str, what: str) -> str:
    """Return a name without spaces around it. Raises InvalidRequest."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidRequest(f"the name of a {what} has 1 to {MAX_NAME} printable characters")
    return name


class Playlists:
    """The playlists of owners. Those of others count as not found, even for an admin.

    `scope` is the owner whose takes may be put into a list, None for all. A take that is deleted leaves its lists.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, owner_id: str) -> list[Playlist]:
        """Return the playlists of an owner, oldest first."""
        with self._database.read() as connection:
            return _read(connection, owner_id)

    def get(self, owner_id: str, playlist_id: str) -> Playlist:
        """Return a playlist. Raises NotFound."""
        with self._database.read() as connection:
            return _one(connection, owner_id, playlist_id)

    def songs(self, playlist: Playlist, scope: str | None) -> list[SongRecord]:
        """Return the songs that the takes of a playlist belong to, newest first."""
        with self._database.read() as connection:
            its = select(takes.c.song_id).where(takes.c.id.in_(playlist.takes))
            where = songs.c.id.in_(its)
            return rows.read_songs(connection, where if scope is None else where & (songs.c.owner_id == scope))

    def create(self, owner_id: str, name: str, take_ids: Sequence[str], scope: str | None) -> Playlist:
        """Create a playlist; names need not be unique. Raises InvalidRequest, NotFound for an unknown take."""
        name, id = require_name(name, "playlist"), new_id()
        with self._database.write() as connection:
            count = select(func.count()).where(playlists.c.owner_id == owner_id)
            if connection.execute(count).scalar_one() >= MAX_PLAYLISTS:
                raise InvalidRequest(f"you have {MAX_PLAYLISTS} playlists, the most there may be; delete one first")
            values = {"id": id, "owner_id": owner_id, "name": name, "created": time.time()}
            connection.execute(insert(playlists).values(values))
            _require_known(connection, take_ids, scope)
            _write(connection, id, list(dict.fromkeys(take_ids)))
            return _one(connection, owner_id, id)

    def rename(self, owner_id: str, playlist_id: str, name: str) -> Playlist:
        """Rename a playlist. Raises InvalidRequest, NotFound."""
        name = require_name(name, "playlist")
        with self._database.write() as connection:
            _one(connection, owner_id, playlist_id)
            connection.execute(update(playlists).where(playlists.c.id == playlist_id).values(name=name))
            return _one(connection, owner_id, playlist_id)

    def put(
        self, owner_id: str, playlist_id: str, take_ids: Sequence[str], before: str | None, scope: str | None
    ) -> Playlist:
        """Put takes before the take `before`, or at the end. Those that are in the list already move there.

        Raises NotFound for an unknown playlist or take, or if `before` is not another take of the list; InvalidRequest
        if the list would be too long.
        """
        with self._database.write() as connection:
            there = _one(connection, owner_id, playlist_id).takes
            moved = list(dict.fromkeys(take_ids))
            _require_known(connection, [id for id in moved if id not in there], scope)
            order = [id for id in there if id not in moved]
            if before is not None and before not in order:
                raise NotFound("the take to put others before is not in the playlist")
            at = len(order) if before is None else order.index(before)
            _write(connection, playlist_id, order[:at] + moved + order[at:])
            return _one(connection, owner_id, playlist_id)

    def remove(self, owner_id: str, playlist_id: str, take_id: str) -> Playlist:
        """Take a take out of a playlist. Raises NotFound if it is not in there."""
        with self._database.write() as connection:
            there = _one(connection, owner_id, playlist_id).takes
            if take_id not in there:
                raise NotFound("there is no such take in the playlist")
            _write(connection, playlist_id, [id for id in there if id != take_id])
            return _one(connection, owner_id, playlist_id)

    def delete(self, owner_id: str, playlist_id: str) -> None:
        """Delete a playlist; its songs stay. Raises NotFound."""
        with self._database.write() as connection:
            _one(connection, owner_id, playlist_id)
            connection.execute(delete(playlists).where(playlists.c.id == playlist_id))


def _read(connection: Connection, owner_id: str, playlist_id: str | None = None) -> list[Playlist]:
    where = playlists.c.owner_id == owner_id
    if playlist_id is not None:
        where &= playlists.c.id == playlist_id
    found = connection.execute(select(playlists).where(where).order_by(playlists.c.id)).mappings().all()
    its: dict[str, list[str]] = {row["id"]: [] for row in found}
    of = playlist_takes.c.playlist_id
    inside = select(of, playlist_takes.c.take_id).where(of.in_(its)).order_by(playlist_takes.c.position)
    for list_id, take_id in connection.execute(inside):
        its[list_id].append(take_id)
    return [Playlist(row["id"], row["name"], row["created"], tuple(its[row["id"]])) for row in found]


def _one(connection: Connection, owner_id: str, playlist_id: str) -> Playlist:
    found = _read(connection, owner_id, playlist_id)
    if not found:
        raise NotFound("there is no such playlist")
    return found[0]


def _require_known(connection: Connection, take_ids: Sequence[str], scope: str | None) -> None:
    query = select(func.count(takes.c.id.distinct())).where(takes.c.id.in_(take_ids))
    if scope is not None:
        query = query.where(takes.c.owner_id == scope)
    if connection.execute(query).scalar_one() < len(set(take_ids)):
        raise NotFound("there is no such take")


def _write(connection: Connection, playlist_id: str, order: Sequence[str]) -> None:
    if len(order) > MAX_PLAYLIST_TAKES:
        raise InvalidRequest(f"a playlist may have at most {MAX_PLAYLIST_TAKES} takes")
    connection.execute(delete(playlist_takes).where(playlist_takes.c.playlist_id == playlist_id))
    its = [{"playlist_id": playlist_id, "take_id": id, "position": at} for at, id in enumerate(order)]
    if its:
        connection.execute(insert(playlist_takes), its)
