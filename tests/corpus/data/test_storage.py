"""Token shards in an object store: read song by song, by ranges of bytes, with failures in one clear line."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from safetensors.numpy import save

from khala.corpus.data.shard_file import FORMAT, ShardFile, ShardSong, shard_bytes
from khala.corpus.data.storage import Storage
from khala.music.errors import InvalidRequest, OutputError

CODES = np.random.default_rng(1).integers(1024, size=(64, 1291)).astype(np.int16)
PHONES = np.arange(1291, dtype=np.uint8) % 40


@pytest.fixture
def url() -> Iterator[str]:
    url = f"memory://{uuid4().hex}/tokens"
    yield url
    files, root = fsspec.core.url_to_fs(url)
    if files.exists(root):
        files.rm(root, recursive=True)


@pytest.fixture(params=["memory", "file", "folder"])
def storage(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Storage:
    return Storage({"memory": url, "file": f"file://{tmp_path}/tokens", "folder": tmp_path / "tokens"}[request.param])


def test_files_come_back_whole_and_in_parts(storage: Storage) -> None:
    assert storage.names("shard-*.jsonl") == [] and not storage.exists("shard-0000.jsonl")
    for number in (1, 0):
        storage.write(f"shard-{number:04d}.jsonl", b"0123456789")
    storage.write("codebooks.safetensors", b"")
    assert storage.names("shard-*.jsonl") == ["shard-0000.jsonl", "shard-0001.jsonl"]
    assert storage.read("shard-0001.jsonl") == b"0123456789" == storage.fetched("shard-0001.jsonl").read_bytes()
    assert storage.read("shard-0001.jsonl", 3, 6) == b"345" and storage.read("shard-0001.jsonl", 8, 99) == b"89"


def test_of_a_song_only_its_bytes_travel(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    songs = [ShardSong(seed, CODES, PHONES) for seed in range(30)]
    storage.write("shard.safetensors", shard_bytes(songs, 1024))
    shard, read, sizes = ShardFile(storage, "shard.safetensors"), storage.read, list[int]()
    monkeypatch.setattr(storage, "read", lambda *part: sizes.append(len(read(*part))) or read(*part))
    np.testing.assert_array_equal(shard.codes(17, 2, 1001, 1100), CODES[:2, 1001:1100])
    np.testing.assert_array_equal(shard.phones(17, 5, 9), PHONES[5:9])
    assert sizes == [2 * 5 * -(-1291 // 4), 4], "two levels at ten bits a code, and four phones"


@pytest.mark.parametrize(("start", "stop"), [(0, 1291), (0, 1), (3, 4), (1290, 1291), (5, 5), (6, 21)])
def test_codes_of_every_format_are_the_same(url: str, start: int, stop: int) -> None:
    storage = Storage(url)
    storage.write("old", save({"codes.7": CODES, "phones.7": PHONES}))
    storage.write("new", shard_bytes([ShardSong(7, CODES, PHONES)], 1024))
    storage.write("wide", shard_bytes([ShardSong(7, CODES * 4, PHONES)], 4096))
    for name, factor in (("old", 1), ("new", 1), ("wide", 4)):
        found = ShardFile(storage, name).codes(7, 9, start, stop)
        assert found.dtype == np.int16 and found.flags.writeable
        np.testing.assert_array_equal(found, CODES[:9, start:stop] * factor)


def test_ten_thousand_hours_take_62_gigabytes() -> None:
    songs = [ShardSong(seed, CODES, PHONES) for seed in range(64)]
    seconds = 64 * CODES.shape[1] * 2048 / 44100
    codes_alone = len(shard_bytes(songs, 1024)) - 64 * PHONES.size
    assert 10_000 * 3600 / seconds * codes_alone == pytest.approx(62e9, rel=0.01)


def test_what_cannot_be_read_is_said_in_one_line(url: str, tmp_path: Path) -> None:
    storage = Storage(url)
    whole = shard_bytes([ShardSong(7, CODES, PHONES)], 1024)
    storage.write("cut", whole[:-9000])
    storage.write("none", b"")
    storage.write("garbage", b"\xff" * 4000)
    storage.write("later", save({"codes.7": CODES}, {"format": str(FORMAT + 1)}))
    for name, complaint in (
        ("missing", f"cannot read {url}/missing: there is no such file"),
        ("none", "tokenize again"),
        ("garbage", "tokenize again"),
        ("later", "newer version"),
    ):
        with pytest.raises(InvalidRequest, match=complaint) as found:
            ShardFile(storage, name)
        assert "\n" not in str(found.value)
    with pytest.raises(InvalidRequest, match="it is cut short"):
        ShardFile(storage, "cut").codes(7, 64, 0, 1291)
    with pytest.raises(InvalidRequest, match=r"it lacks codes\.8"):
        ShardFile(storage, "cut").codes(8, 64, 0, 1291)
    with pytest.raises(InvalidRequest, match="nosuch://bucket/tokens cannot be used: Protocol not known"):
        Storage("nosuch://bucket/tokens")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        Storage(tmp_path / "file").write("shard", b"")


def test_a_store_that_fails_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(url)
    storage.write("shard", b"0")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the endpoint does not answer\nand more")

    for name in ("cat_file", "exists", "ls", "pipe_file"):
        monkeypatch.setattr(storage._files, name, fail)
    for call in (lambda: storage.read("shard"), lambda: storage.exists("shard"), lambda: storage.names("*")):
        with pytest.raises(InvalidRequest, match=rf"cannot read {url}/\S+ the endpoint does not answer$"):
            call()
    with pytest.raises(OutputError, match=f"cannot write {url}/shard: the endpoint does not answer$"):
        storage.write("shard", b"1")
