"""The database: migrated once by whoever comes first, whole transactions, one line for what is wrong."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from service import PROCESSES
from sqlalchemy import insert, select

from khala.jobs.database import Database
from khala.jobs.journal import emit
from khala.jobs.tables import events, metadata
from khala.music.errors import InvalidRequest, StoreError


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/khala.sqlite"
    return str(request.getfixturevalue("postgres").create(empty=True))


def migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    with database.write() as connection:
        emit(connection, "queued", "song", "owner")
    database.close()


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    processes: list[Any] = [PROCESSES.Process(target=migrate, args=(empty_url,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    database = Database(empty_url)
    with database.read() as connection:
        assert len(connection.execute(select(events)).all()) == 4
        assert compare_metadata(MigrationContext.configure(connection), metadata) == [], "migrations make these tables"
    database.close()


def test_a_transaction_that_fails_leaves_nothing(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with pytest.raises(RuntimeError), database.write() as connection:
        emit(connection, "queued", "song", "owner")
        raise RuntimeError
    with pytest.raises(StoreError, match="the database fails"), database.write() as connection:
        connection.execute(insert(events).values(song_id=None))
    with database.read() as connection:
        assert connection.execute(select(events)).all() == []
    database.close()


def test_a_reader_sees_one_moment(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.read() as reader:
        assert reader.execute(select(events)).all() == []
        with database.write() as writer:
            emit(writer, "queued", "song", "owner")
        assert reader.execute(select(events)).all() == []
    with database.read() as reader:
        assert len(reader.execute(select(events)).all()) == 1
    database.close()


def test_a_database_that_is_full_is_told_from_one_that_does_not_answer(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    assert database.fault is None
    with pytest.raises(StoreError) as failed, database.write() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no more than there are
            emit(connection, "queued", "song", "owner", words="x" * 100_000)
        else:
            connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$")
    assert failed.value.kind == "database-full" and database.fault is failed.value
    with pytest.raises(StoreError) as failed, database.write() as connection:
        connection.execute(insert(events).values(song_id=None))
    assert failed.value.kind == "database-unreachable" and database.fault is failed.value
    with database.write():
        pass
    assert database.fault is None
    database.close()


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "no url"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidRequest):
        Database(url)


def test_a_database_that_does_not_answer_is_one_line() -> None:
    with pytest.raises(StoreError, match="the database fails"):
        Database("postgresql://nobody@127.0.0.1:1/nothing").migrate()


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database(f"sqlite:///{tmp_path}/file").migrate()
