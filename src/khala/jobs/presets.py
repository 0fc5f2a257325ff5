"""Presets: settings for songs that an owner keeps under a name."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from khala.jobs.database import Database
from khala.jobs.playlists import require_name
from khala.jobs.tables import new_id, presets
from khala.music.errors import InvalidRequest, NotFound

MAX_PRESETS = 200
"""Presets of one owner."""


@dataclass(frozen=True)
class Preset:
    """Settings of a request under a name, which is unique for its owner."""

    id: str
    name: str
    settings: Mapping[str, Any]


class Presets:
    """The presets of owners. Those of others count as not found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, owner_id: str) -> list[Preset]:
        """Return the presets of an owner, by name."""
        query = select(presets).where(presets.c.owner_id == owner_id).order_by(func.lower(presets.c.name))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return [Preset(row["id"], row["name"], row["settings"]) for row in rows]

    def save(self, owner_id: str, name: str, settings: Mapping[str, Any]) -> Preset:
        """Save settings under a name; they replace those of that name. Raises InvalidRequest."""
        name, values = require_name(name, "preset"), {"settings": dict(settings)}
        own = presets.c.owner_id == owner_id
        with self._database.write() as connection:
            before = connection.execute(select(presets.c.id).where(own & (presets.c.name == name))).scalar()
            id = before or new_id()
            if before is None:
                count = select(func.count()).where(own)
                if connection.execute(count).scalar_one() >= MAX_PRESETS:
                    raise InvalidRequest(f"you have {MAX_PRESETS} presets, the most there may be; delete one first")
                row = {"id": id, "owner_id": owner_id, "name": name, "created": time.time(), **values}
                connection.execute(insert(presets).values(row))
            else:
                connection.execute(update(presets).where(presets.c.id == id).values(values))
        return Preset(id, name, settings)

    def delete(self, owner_id: str, preset_id: str) -> None:
        """Delete a preset. Raises NotFound."""
        with self._database.write() as connection:
            own = (presets.c.owner_id == owner_id) & (presets.c.id == preset_id)
            if not connection.execute(delete(presets).where(own)).rowcount:
                raise NotFound("there is no such preset")
