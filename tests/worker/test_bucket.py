"""Artifacts in a bucket: songs are made, served and removed there as in a folder; what is wrong with it is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from moto.server import ThreadedMotoServer
from service import Site, Trouble, Workers, ask, assert_made, begun, ended, undisturbed, until
from serving import Service

from khala.jobs.artifacts import Artifacts
from khala.music.errors import NotFound, StoreError

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Bucket:
    """A bucket of its own on a server that speaks S3."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        httpx2.post(f"{self.url}/moto-api/reset", trust_env=False)  # what earlier tests left

    def close(self) -> None:
        self._server.stop()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    import fsspec
    import s3fs

    bucket = Bucket()
    for name, value in environment(bucket).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    fsspec.filesystem("s3").mkdir("songs")
    yield bucket
    s3fs.S3FileSystem.clear_instance_cache()
    bucket.close()


def environment(bucket: Bucket) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": bucket.url,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }


@on_sqlite
def test_a_song_is_made_served_and_removed(site: Site, workers: Workers, bucket: Bucket, tmp_path: Path) -> None:
    site = replace(site, artifacts="s3://songs/khala")
    library = site.library()
    song = library.submit("local", ask(seed=3, takes=2), site.model)
    other = library.submit("local", ask(seed=4), site.model)
    trouble = Trouble(slow=1.0, environment=environment(bucket))
    first = workers.start(trouble, site)
    until(lambda: begun(site, song, "superres")[0] == 1)
    first.kill()
    workers.start(trouble, site)
    for one in (song, other):
        until(lambda one=one: ended(library.song(None, one.id)))
        assert_made(library, one, undisturbed(site, one, tmp_path))
    assert begun(site, song, "backbone") == [1, 1]

    flac = library.artifact(None, song.takes[0].id, "audio.flac")
    whole = library.store.get(flac)
    assert b"".join(library.store.read(flac, 1000, 2000)) == whole[1000:2000]
    (tmp_path / "server").mkdir()
    service = Service(tmp_path / "server", Path(site.model))
    service.library.store = library.store
    made = service.make()
    for form in ("wav", "flac", "mp3", "opus"):
        path = f"/api/v1/takes/{made['takes'][0]['id']}/audio.{form}"
        all_of_it = service.client.get(path).content
        part = service.client.get(path, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, all_of_it[100:200])
    library.delete(None, song.id)
    with pytest.raises(NotFound):
        library.store.get(flac)
    assert set(library.store.song_ids()) == {other.id, made["id"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "EndpointConnectionError"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "NoCredentialsError"),
        ({}, "does not exist"),
    ],
)
def test_what_is_wrong_with_a_bucket_is_one_line(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], reason: str
) -> None:
    import s3fs

    for name, value in change.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StoreError, match=reason):
        Artifacts("s3://nowhere/khala").check()
