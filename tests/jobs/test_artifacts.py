"""Files of takes: whole or not there, read in ranges, checked, and the store's faults in one line."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from khala.jobs.artifacts import BLOCK_BYTES, Artifacts
from khala.jobs.records import Artifact
from khala.music.errors import InvalidRequest, NotFound, StoreError

DATA = bytes(range(256)) * (BLOCK_BYTES // 100)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    """A folder, and a store that is none: what holds for memory:// holds for s3://."""
    return Artifacts(tmp_path / "a b" if request.param == "folder" else f"memory://{tmp_path}")


def put(store: Artifacts, data: bytes | Path = DATA) -> Artifact:
    return store.put("song", "take", "audio.flac", "audio/flac", data)


def test_what_was_put_is_read_in_any_range(store: Artifacts) -> None:
    artifact = put(store)
    assert artifact.size == len(DATA) and artifact.path.startswith("song/take/") and artifact.path.endswith(".flac")
    assert store.get(artifact) == DATA
    for start, stop in ((0, 1), (5, BLOCK_BYTES + 7), (len(DATA) - 3, None), (len(DATA), None), (0, 10**9)):
        assert b"".join(store.read(artifact, start, stop)) == DATA[start:stop]


def test_a_file_is_stored_like_bytes(store: Artifacts, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(DATA)
    assert replace(put(store, file), id="", path="", created=0) == replace(put(store), id="", path="", created=0)


def test_no_put_touches_an_earlier_one(store: Artifacts) -> None:
    first, second = put(store), put(store, b"other")
    assert first.path != second.path and store.get(first) == DATA and store.get(second) == b"other"


def test_what_is_gone_is_not_found_and_may_be_deleted_again(store: Artifacts) -> None:
    artifact = put(store)
    store.delete(artifact)
    store.delete(artifact)
    for act in (lambda: store.get(artifact), lambda: store.read(artifact)):
        with pytest.raises(NotFound):
            act()
    kept = put(store)
    assert store.song_ids() == ["song"]
    store.delete_song("song")
    store.delete_song("song")
    assert store.song_ids() == []
    with pytest.raises(NotFound):
        store.get(kept)


def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    store = Artifacts(tmp_path)
    artifact = put(store)
    (tmp_path / artifact.path).write_bytes(b"x" + DATA[1:])
    with pytest.raises(NotFound, match="changed or damaged"):
        store.get(artifact)


def test_a_store_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write in the artifact store: Not a directory") as failed:
        Artifacts(tmp_path / "file").check()
    assert failed.value.kind == "storage-unreachable"
    Artifacts(tmp_path / "new").check()
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_store_that_is_full_is_told_from_one_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/somewhere")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match=os.strerror(number)) as failed:
        Artifacts(tmp_path).check()
    assert failed.value.kind == "storage-full" and "/somewhere" not in str(failed.value)


def test_a_url_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="cannot be used"):
        Artifacts("gopher://somewhere")
