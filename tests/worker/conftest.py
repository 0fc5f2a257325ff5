"""A service in a folder of its own, and workers for it that can be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from service import Place, Workers

from khala.jobs.library import Library


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """The workers' number, on which samples depend."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def place(database_url: str, tmp_path: Path, singer: Path) -> Place:
    (tmp_path / "marks").mkdir()
    return Place(database_url, tmp_path / "artifacts", str(singer), tmp_path / "marks")


@pytest.fixture
def library(place: Place) -> Iterator[Library]:
    library = place.library()
    yield library
    library.database.close()


@pytest.fixture
def workers(place: Place) -> Iterator[Workers]:
    workers = Workers(place)
    yield workers
    workers.close()
