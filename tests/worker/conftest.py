"""Workers compute with one thread each, and what they are compared with does so, too."""

from collections.abc import Iterator

import pytest
import torch
from service import Site

from khala.jobs.library import Library


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def library(site: Site) -> Iterator[Library]:
    library = site.library()
    yield library
    library.database.close()
