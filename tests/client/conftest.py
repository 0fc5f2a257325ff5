"""A service behind a real socket, with a worker in a thread, and a client of either kind."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from calling import Caller
from serving import Service

from khala.client import AsyncClient, Client
from khala.jobs.claims import ClaimLost


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, singer: Path) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"), singer)
    yield service
    service.library.database.close()


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    """Where the service listens."""
    with service.live() as live:
        yield f"http://127.0.0.1:{live.port}"


@pytest.fixture
def at_work(service: Service) -> Iterator[None]:
    """Somebody makes takes of noise, eight seconds each."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.05):
            for claim in service.claims.claim(1):
                with suppress(ClaimLost):  # a busy machine is no failure
                    service.finish(claim, 8.0)

    worker = threading.Thread(target=work)
    worker.start()
    yield
    stopping.set()
    worker.join()


@pytest.fixture(params=[Client, AsyncClient])
def client(request: pytest.FixtureRequest, url: str) -> Iterator[Caller]:
    caller = Caller(request.param, url)
    yield caller
    caller.finish()
