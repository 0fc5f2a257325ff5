"""The tables of the service. Times are seconds since 1970; ids of songs and takes sort by age.

Some columns and tables are older than their names here: `key` and the variable say what they hold.
"""

import secrets
import time
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData()


class TakeNumber(TypeDecorator[int]):
    """Number of a take: 1, 2, ... in Python, stored as 0, 1, ..."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> int | None:
        return None if value is None else value - 1

    def process_result_value(self, value: int | None, dialect: Any) -> int | None:
        return None if value is None else value + 1


owners = Table(
    "owners",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("queued_limit", Integer, nullable=False),
    Column("running_limit", Integer, nullable=False),
    Column("turn", BigInteger, nullable=False),  # when it last got a worker: the lowest is next
    Column("created", Double, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner_id", String(64), ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # sha256 of the secret, which is random
    Column("hint", String(16), nullable=False),
    Column("created", Double, nullable=False),
    Column("revoked", Double),
)

songs = Table(
    "songs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner_id", String(64), ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("model", String(300), nullable=False),
    Column("request", JSON, nullable=False),
    Column("title", String(200), nullable=False),
    Column("liked", Boolean, nullable=False),
    Column("words", Text, nullable=False),  # the text that is searched, in lower case
    Column("idempotency_key", String(300)),
    Column("asked_seconds", Double),  # requested length, where the model's limit shortened it
    Column("origin", JSON(none_as_null=True)),  # what it was made out of, if not of words alone (`records.Origin`)
    Column("asked", String(64), key="request_digest", nullable=False),  # of request and model, before a seed was drawn
    Column("created", Double, nullable=False),
    UniqueConstraint("owner_id", "idempotency_key"),
    Index("songs_by_owner", "owner_id", "id"),
)

takes = Table(
    "takes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("song_id", String(64), ForeignKey("songs.id", ondelete="CASCADE"), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("model", String(300), nullable=False),
    Column("number", TakeNumber, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("duration", Double, nullable=False),  # seconds, as requested
    Column("state", String(16), nullable=False),
    Column("stage", String(16)),
    Column("stage_progress", Double, nullable=False),
    Column("error", Text),
    Column("error_kind", String(32)),
    Column("note", Text),
    Column("note_kind", String(32)),
    Column("worker_id", String(64)),
    Column("attempt", Integer, nullable=False),  # grows with every claim, and whenever a claim ends early
    Column("losses", Integer, nullable=False),
    Column("metadata", JSON),
    Column("created", Double, nullable=False),
    Column("queued", Double, nullable=False),
    Column("started", Double),
    Column("finished", Double),
    UniqueConstraint("song_id", "number"),
    Index("takes_by_state", "state", "owner_id"),
    Index("takes_by_worker", "worker_id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("take_id", String(64), ForeignKey("takes.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("path", String(300), nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("take_id", "kind"),
)

lineage = Table(
    "lineage",
    metadata,  # no foreign keys: a take that was deleted stays in the tree while others were made out of it
    Column("take_id", String(64), primary_key=True),
    Column("song_id", String(64), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("parent_id", String(64)),
    Column("root_id", String(64), nullable=False),
    Column("deleted", JSON(none_as_null=True)),  # what is still told of a take that was deleted
    Index("lineage_by_parent", "parent_id"),
    Index("lineage_by_root", "root_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("song_id", String(64), nullable=False),  # no foreign key: the last event of a song outlives it
    Column("owner_id", String(64), nullable=False),
    Column("take_id", String(64)),
    Column("kind", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Index("events_by_song", "song_id", "id"),
    sqlite_autoincrement=True,  # ids are never used twice
)

playlists = Table(
    "playlists",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner_id", String(64), ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Index("playlists_by_owner", "owner_id", "id"),
)

playlist_takes = Table(
    "playlist_takes",
    metadata,
    Column("playlist_id", String(64), ForeignKey("playlists.id", ondelete="CASCADE"), primary_key=True),
    Column("take_id", String(64), ForeignKey("takes.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("playlist_takes_by_take", "take_id"),
)

presets = Table(
    "presets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner_id", String(64), ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("owner_id", "name"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("host", String(300), nullable=False),
    Column("device", String(64), nullable=False),
    Column("model", String(300)),
    Column("started", Double, nullable=False),
    Column("heartbeat", Double, nullable=False),
)

stage_speeds = Table(
    "paces",
    metadata,
    Column("model", String(300), primary_key=True),
    Column("stage", String(16), primary_key=True),
    Column(
        "pace", Double, key="seconds_per_second", nullable=False
    ),  # of work for a second of song, recent runs count most
)

counts = Table(
    "tallies",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("model", String(300), primary_key=True),
    Column("label", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Double, nullable=False),
)


def new_id() -> str:
    """Return 32 hex digits: the time in milliseconds, so that ids sort by age, and 80 random bits, so that none is
    guessed."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
