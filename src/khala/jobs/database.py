"""The database: SQLite in a file, or PostgreSQL for a fleet, migrated when it is opened.

There is one writer at a time on both: SQLite allows no more, and on PostgreSQL a lock sees to it. That keeps event ids
in the order in which they become visible, claims fair and quotas exact, without retries or deadlocks. A write takes a
few milliseconds; a song takes minutes.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from sqlite3 import SQLITE_FULL
from typing import Any

import alembic.command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from khala.music.errors import InvalidRequest, Kind, OutputError, StoreError

WRITE_LOCK_ID = 0x6B68616C61
"""Advisory lock of writers on PostgreSQL ("khala" in ASCII)."""

PG_DISK_FULL = "53100"
"""PostgreSQL's error code for a full disk."""

POSTGRESQL_ARGS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # a machine that is cut off in the middle of a write must not block the others
    "options": "-c idle_in_transaction_session_timeout=10000 -c lock_timeout=20000 -c statement_timeout=30000",
}


class Database:
    """An engine and its two kinds of transaction. `url`: sqlite:///FILE or postgresql://...

    Raises InvalidRequest for an unusable URL, OutputError for a folder that cannot be created, and StoreError when the
    database does not answer.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
                raise ArgumentError("unknown")
        except (ArgumentError, ValueError):
            raise InvalidRequest(
                "unknown kind of database URL; use sqlite:///FILE or postgresql://USER@HOST/NAME"
            ) from None
        self.url = parsed.render_as_string(hide_password=False)
        self.is_sqlite = parsed.drivername == "sqlite"
        self.fault: StoreError | None = None
        """Why the last write of this process failed; None if it succeeded."""
        # SQLite's writers wait by sleeping, longer and longer: within a process a lock wakes the next one at once
        self._write_lock: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise InvalidRequest("an in-memory database is lost when the process ends; use sqlite:///FILE")
            folder = Path(parsed.database).absolute().parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"cannot write the database to {folder}: {error.strerror or error}; use another sqlite:///FILE"
                ) from None
            self.engine = create_engine(parsed, connect_args={"timeout": 30}, pool_size=8, max_overflow=32)
            event.listen(self.engine, "connect", _prepare_sqlite)
        else:
            self.engine = create_engine(
                parsed, connect_args=POSTGRESQL_ARGS, pool_pre_ping=True, pool_size=8, max_overflow=32
            )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction, which sees the database as of one moment."""
        with _typed(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction, the only one at a time; it commits when the block succeeds, else nothing is
        written."""
        try:
            with self._write_lock, _typed(), self.engine.connect() as connection:
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": WRITE_LOCK_ID})
                yield connection
                connection.commit()
        except StoreError as error:
            self.fault = error
            raise
        self.fault = None

    def migrate(self) -> None:
        """Bring the tables up to date; of several processes that start together, one does it and the others wait."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.write() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        full = (
            getattr(reason, "sqlite_errorcode", None) == SQLITE_FULL
            or getattr(reason, "sqlstate", None) == PG_DISK_FULL
        )
        kind: Kind = "database-full" if full else "database-unreachable"
        raise StoreError(f"the database fails: {reason}", kind) from error


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `write` says, not where the driver guesses
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")
