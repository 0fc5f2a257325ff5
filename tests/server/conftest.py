"""An app over a library in a folder, with the tiny model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Service


@pytest.fixture
def serve(tmp_path: Path, singer: Path) -> Iterator[Callable[..., Service]]:
    """Make a service, with settings of one's own."""
    made: list[Service] = []

    def make(**settings: Any) -> Service:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Service(folder, singer, **settings))
        return made[-1]

    yield make
    for service in made:
        service.library.database.close()


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    """A service with the settings that it comes with."""
    return serve()


@pytest.fixture
def mini_service(tmp_path: Path) -> Iterator[Service]:
    """A service of the embedded model, which nobody makes songs for."""
    service = Service(tmp_path, Path("mini"))
    yield service
    service.library.database.close()
