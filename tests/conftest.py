"""What all tests share: the folder of reference fixtures, and the weights in it as models."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from khala.weights import LoadedModel

if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores, before any of them loads torch
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("khala", deadline=None)  # a busy machine is no failure
settings.load_profile("khala")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that compare with the reference fixtures: `pytest -m reference`."""
    for item in items:
        if "fixtures" in getattr(item, "fixturenames", ()):
            item.add_marker("reference")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own: theirs must not remember anything for the user."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The reference fixtures (tests/fixtures/README.md), or those in the folder that `KHALA_FIXTURES` names."""
    folder = Path(os.environ.get("KHALA_FIXTURES", Path(__file__).parent / "fixtures"))
    assert (folder / "official-a").is_dir(), f"no reference fixtures at {folder}: KHALA_FIXTURES is to hold official-a"
    return folder


@pytest.fixture(scope="session")
def official(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> "Callable[..., LoadedModel]":
    """The weights of `official-a` or `official-c` as `khala models import` makes them a model, loaded in float32.

    Call it with "a" or "c", and for "c" with what --fc1-bias should be. Its tests share them: change nothing.
    """
    from khala.cli.main import run
    from khala.weights import load_model

    @cache
    def load(letter: str, fc1_bias: str = "single") -> "LoadedModel":
        folder, to = fixtures / f"official-{letter}", tmp_path_factory.mktemp("imported") / letter
        codec = fixtures / "official-a" / "checkpoints" / "dac_rvq_2490000.ckpt"  # official-c has none of its own
        named = ["--codec", str(codec), "--fc1-bias", fc1_bias]
        assert run(["models", "import", str(folder), "--to", str(to), *named, "--quiet"]) == 0
        return load_model(to)

    return load


@pytest.fixture(scope="session")
def singer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with random weights."""
    from service import tiny_model

    return tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of the tests' own, in a folder that its user may enter."""
    from service import Postgres

    with TemporaryDirectory(prefix="khala-postgres-") as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/khala.sqlite"
    return str(request.getfixturevalue("postgres").create())


@pytest.fixture
def site(database_url: str, tmp_path: Path, singer: Path) -> Any:
    """The database, store and model of a service (`service.Site`)."""
    from service import Site

    (tmp_path / "marks").mkdir()
    return Site(database_url, tmp_path / "artifacts", str(singer), tmp_path / "marks")


@pytest.fixture
def workers(site: Any) -> Iterator[Any]:
    """Worker processes of that service, to be started and killed (`service.Workers`)."""
    from service import Workers

    workers = Workers(site)
    yield workers
    workers.close()


@pytest.fixture(scope="session")
def sung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audio of a short sung pop song of the corpus, its truth beside it, that no listener was fitted to."""
    return _song(tmp_path_factory.mktemp("sung"), 77_000_001, "female")


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audio of a short instrumental pop song, with its truth."""
    return _song(tmp_path_factory.mktemp("played"), 77_000_002, "")


def _song(folder: Path, seed: int, vocal: str) -> Path:
    from khala.corpus.composer.compose import LEXICON, compose
    from khala.corpus.composer.render import render_score
    from khala.corpus.composer.synth import write_song
    from khala.corpus.composer.voice import VoiceBank

    score = compose(seed, seconds=16, style="pop", vocal=vocal)
    return write_song(folder, score, render_score(score, VoiceBank(LEXICON))).with_suffix(".flac")
