"""A library on either database, with nobody to make songs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from khala.jobs.claims import Claims
from khala.jobs.library import Library
from khala.jobs.records import Limits


@pytest.fixture
def library(database_url: str, tmp_path: Path) -> Iterator[Library]:
    library = Library.open(database_url, tmp_path / "artifacts", Limits(owner_queued=6, owner_running=3, queued=10))
    library.owners.local()
    yield library
    library.database.close()


@pytest.fixture
def claims(library: Library) -> Claims:
    claims = Claims(library.database, "here", "cpu")
    claims.heartbeat({}, None)
    return claims
