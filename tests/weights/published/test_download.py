"""Downloads from a model hub on this machine: whole or not at all, pinned, checked, imported, and every failure."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub import COMMITS, Hub, serving
from huggingface_hub import constants, file_download

from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError
from khala.weights import describe, load_model, store
from khala.weights.published import download as downloading
from khala.weights.published import llama3
from khala.weights.published.download import REPOSITORIES, fetch, import_fetched, look_up

REPO = REPOSITORIES[0]
TINY = "someone/tiny"


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with serving() as running:
        yield running


@pytest.fixture
def remote(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The hub, empty and well, as the only one that the library knows; nothing is downloaded yet."""
    for fields in (server.commits, server.heads, server.refuse, server.fault, server.requests, server.downloads):
        fields.clear()
    server.license = "cc-by-nc-4.0"
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KHALA_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(file_download.time, "sleep", lambda seconds: None)
    return server


@pytest.fixture
def weights(fixtures: Path) -> Path:
    return fixtures / "official-a" / "checkpoints"


def download(repo: str = REPO, revision: str | None = None) -> list[str] | None:
    listing = look_up(repo, revision)
    folder = fetch(listing, progress=lambda stage, done, total: None)
    return None if folder is None else import_fetched(listing, folder)


def hub_file(name: str) -> Path:
    """Where the hub's cache has a file of `TINY`."""
    return Path(constants.HF_HUB_CACHE) / f"models--{TINY.replace('/', '--')}" / "snapshots" / COMMITS[0] / name


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def test_published_weights_become_a_model_that_is_found_by_their_hub_id(remote: Hub, weights: Path) -> None:
    remote.put(REPO, weights)
    lines = download()
    assert lines is not None and any("fc1 bias" in line for line in lines)
    model = load_model(REPO)
    assert model.config.name == "Khala-MusicGeneration-v1.0" and model.config.license == "CC-BY-NC-4.0"
    assert store.imported_names() == [REPO] and describe(REPO).folder == store.imported_folder(REPO)


def test_a_second_download_asks_nobody_and_changes_nothing(remote: Hub, weights: Path) -> None:
    remote.put(REPO, weights)
    download()
    before = describe(REPO)
    remote.requests.clear()
    assert download() is None
    assert remote.requests == [] and describe(REPO) == before


def test_a_khala_model_is_taken_as_it_is(remote: Hub, folder: Path) -> None:
    remote.put(TINY, {path.name: path.read_bytes() for path in folder.iterdir()} | {"other.bin": b"0" * 2000})
    assert download(TINY) == []
    assert load_model(TINY).digest == load_model(folder).digest
    assert "other.bin" not in remote.downloads


def test_the_first_commit_is_kept_until_another_is_named(remote: Hub, folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    remote.put(TINY, files)
    download(TINY)
    remote.put(TINY, files | {"README.md": b"# Newer\n"}, COMMITS[1])
    download(TINY)
    assert describe(TINY).folder.name == COMMITS[0]
    download(TINY, "main")
    assert describe(TINY).folder.name == COMMITS[1]
    download(TINY, COMMITS[0])
    assert describe(TINY).folder.name == COMMITS[0]


def test_a_newer_import_takes_the_place_of_the_older(remote: Hub, weights: Path) -> None:
    remote.put(REPO, weights)
    download()
    remote.put(REPO, weights, COMMITS[1])
    assert download(revision="main") is not None
    assert store.imported_commit(REPO) == COMMITS[1] and load_model(REPO).config.origin is not None


def test_a_failed_change_of_revision_leaves_the_model_that_was_there(remote: Hub, folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    remote.put(TINY, files)
    download(TINY)
    remote.put(TINY, files | {"README.md": b"# Newer\n"}, COMMITS[1])
    remote.fault["README.md"] = 503
    with pytest.raises(ModelError):
        download(TINY, "main")
    assert describe(TINY).folder.name == COMMITS[0]


def test_files_that_are_whole_are_kept_when_a_download_breaks_off(remote: Hub, folder: Path) -> None:
    remote.put(TINY, folder)
    last = sorted(remote.commits[TINY, COMMITS[0]])[-1]
    remote.fault[last] = "cut"
    with pytest.raises(ModelError, match=r"broke off \(.+\); check the network, run again: khala models download"):
        download(TINY)
    assert not store.read_pin(TINY)
    kept = set(remote.downloads) - {last}
    remote.fault.clear()
    remote.downloads.clear()
    assert download(TINY) is not None
    assert last in remote.downloads and not kept & set(remote.downloads)


def test_a_connection_that_is_lost_is_taken_up_where_it_was(remote: Hub, folder: Path) -> None:
    remote.put(TINY, folder)
    name = "codec.safetensors"
    remote.fault[name] = "cut"
    healed = file_download.http_get

    def heal(*args: object, **keywords: object) -> None:  # the first attempt is cut; the second finds the server well
        if remote.fault.get(name) == "gone":
            remote.fault.clear()
        healed(*args, **keywords)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_download, "http_get", heal)
        assert download(TINY) is not None
    assert remote.downloads.count(name) == 2


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_file_that_was_damaged_on_this_disk_is_fetched_anew(remote: Hub, folder: Path, damage: str) -> None:
    remote.put(TINY, folder)
    download(TINY)
    blob = hub_file("codec.safetensors")
    content = blob.read_bytes()
    blob.resolve().write_bytes(content[:-9] if damage == "cut" else content[:-1] + b"?")
    remote.downloads.clear()
    assert download(TINY) is not None
    assert remote.downloads == ["codec.safetensors"] and blob.read_bytes() == content


def test_a_file_with_a_wrong_digest_is_refused_and_not_kept(remote: Hub, folder: Path) -> None:
    remote.put(TINY, folder)
    remote.fault["codec.safetensors"] = "changed"
    with pytest.raises(ModelError, match=r"codec\.safetensors of .* is not what the model hub lists"):
        download(TINY)
    assert not hub_file("codec.safetensors").is_symlink() and not store.read_pin(TINY)
    remote.fault.clear()
    assert download(TINY) is not None


def test_a_model_that_was_damaged_is_imported_again(remote: Hub, weights: Path) -> None:
    remote.put(REPO, weights)
    download()
    digest = describe(REPO).digest
    (store.imported_folder(REPO) / "config.json").unlink()
    remote.requests.clear()
    assert download() is not None
    assert describe(REPO).digest == digest and not remote.downloads[len(remote.commits[REPO, COMMITS[0]]) :]


def test_offline_what_is_here_can_be_used_and_imported(
    remote: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put(REPO, weights)
    download()
    offline(monkeypatch)
    remote.requests.clear()
    assert download() is None
    shutil.rmtree(store.imported_folder(REPO))
    assert download() is not None
    assert load_model(REPO).config.license == "CC-BY-NC-4.0" and remote.requests == []


def test_offline_what_another_tool_fetched_can_be_imported(
    remote: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put(REPO, weights)
    from huggingface_hub import hf_hub_download

    for name in remote.commits[REPO, COMMITS[0]]:
        hf_hub_download(REPO, name)
    (Path(constants.HF_HUB_CACHE) / f"models--{REPO.replace('/', '--')}" / "refs").joinpath("main").write_text(
        COMMITS[0]
    )
    offline(monkeypatch)
    assert download() is not None
    assert store.imported_commit(REPO) == COMMITS[0]


def test_offline_what_is_missing_is_said(remote: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.put(REPO, weights)
    download()
    offline(monkeypatch)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set; unset it, then run again: khala models download s/t"):
        download("s/t")
    shutil.rmtree(store.imported_folder(REPO))
    next(Path(constants.HF_HUB_CACHE).rglob("*.ckpt")).unlink()
    with pytest.raises(ModelError, match="not wholly, on this machine, and HF_HUB_OFFLINE is set"):
        download()


@pytest.mark.parametrize(
    ("refusal", "kind", "says"),
    [
        ((403, "GatedRepo"), ModelError, "is gated: ask for access on its page of the model hub, log in with: hf auth"),
        ((401, "RepoNotFound"), ModelError, "the model hub has no .*, or it is private: check the name, or log in"),
        ((404, "RevisionNotFound"), InvalidRequest, "has no revision 'v2'; name a branch, a tag or a commit of it"),
        ((403, ""), ModelError, "the model hub answers 403 for .*; log in with: hf auth login; then run again"),
        ((503, ""), ModelError, "the model hub answers 503 for .*; later, run again: khala models download"),
    ],
)
def test_what_the_hub_refuses(remote: Hub, refusal: tuple[int, str], kind: type[KhalaError], says: str) -> None:
    remote.refuse[REPO] = refusal
    with pytest.raises(kind, match=says):
        look_up(REPO, "v2")


def test_no_network_is_said(remote: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(ModelError, match=r"the download of .* broke off \(.*refused.*\); check the network, run again"):
        look_up(REPO)


@pytest.mark.parametrize("repo", ["", "mini", "a/b/c", "../up", "a/../b", "a b/c", "~/x", "x" * 5000, "a\0/b"])
def test_what_is_no_hub_id_is_refused_unasked(remote: Hub, repo: str) -> None:
    with pytest.raises(InvalidRequest, match=r"is not a hub id; write OWNER/NAME, such as liujiafeng/Shao-MusicGen"):
        look_up(repo)
    assert remote.requests == []


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"config.json": b"{}"},
        {"backbone/x": b"", "superresolution/x": b""},
        {"backbone/x": b"", "superresolution/../../../../evil": b"", "dac_rvq_1.ckpt": b""},
    ],
    ids=str,
)
def test_a_repository_without_a_model_is_refused(remote: Hub, files: dict[str, bytes]) -> None:
    remote.put("someone/else", files)
    with pytest.raises(ModelError, match=r"holds no model that Khala reads: neither config\.json with"):
        look_up("someone/else")
    assert not remote.downloads


def test_the_licence_is_the_hubs_or_the_known_one(remote: Hub, weights: Path) -> None:
    remote.put("someone/tuned", weights)
    for said, meant in (("apache-2.0", "Apache-2.0"), ("openrail", "openrail"), ("", "unknown")):
        remote.license = said
        assert look_up("someone/tuned").license == meant
    remote.put(REPO, weights)
    assert look_up(REPO).license == "CC-BY-NC-4.0"
    remote.license = "openrail"
    download("someone/tuned")
    assert load_model("someone/tuned").config.license == "openrail"


def test_a_missing_tokenizer_is_noticed_before_anything_is_fetched(
    remote: Hub, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put(REPO, weights)
    listing = look_up(REPO)
    with pytest.raises(InvalidRequest, match="holds neither tokenizer"):
        fetch(listing, tmp_path)
    monkeypatch.setattr(llama3, "PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(ModelError, match="the Llama 3 tokenizer, which these weights need, was not found"):
        fetch(listing)
    assert not remote.downloads


def test_room_is_looked_for_before_anything_is_fetched(
    remote: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put(REPO, weights)
    listing = look_up(REPO)
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda _: SimpleNamespace(free=listing.size))
    with pytest.raises(OutputError, match=r"needs 0\.0 GB in .*, and 0\.0 GB are free; make room"):
        fetch(listing)
    assert not remote.downloads
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * listing.size))
    assert fetch(listing) is not None


def test_a_place_that_cannot_be_written_is_noticed_before_anything_is_fetched(
    remote: Hub, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put(REPO, weights)
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("KHALA_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(OutputError, match=r"cannot write in .*/file; name other folders: HF_HOME for downloads"):
        download()
    assert not remote.downloads


def test_a_disk_that_fills_up_is_said(remote: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    remote.put(TINY, folder)
    monkeypatch.setattr(file_download, "http_get", full)
    with pytest.raises(OutputError, match=r"cannot keep .*: No space left on device; then run again"):
        download(TINY)
    assert not store.read_pin(TINY)


def test_a_pin_that_cannot_be_read_is_no_pin(remote: Hub, folder: Path) -> None:
    remote.put(TINY, folder)
    download(TINY)
    (pin,) = store.models_home().glob("*/.*.download.json")
    for content in ("", "[]", '{"files": 1}', json.dumps({"commit": "x", "license": "", "files": {"a": {}}})):
        pin.write_text(content)
        assert store.read_pin(TINY) is None and look_up(TINY).commit == COMMITS[0]


def test_progress_counts_bytes_to_the_end(remote: Hub, folder: Path) -> None:
    remote.put(TINY, folder)
    seen: list[tuple[str, int, int]] = []
    listing = look_up(TINY)
    fetch(listing, progress=lambda *report: seen.append(report))
    assert seen[0] == ("download", 0, listing.size) and seen[-1] == ("download", listing.size, listing.size)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
