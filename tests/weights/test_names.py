"""Names -> folders."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.weights import describe, list_models, load_model, names, resolve, store


@pytest.fixture
def embedded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny model as if the package had shipped it under the name `model`."""
    monkeypatch.setattr(names, "_embedded", lambda: folder.parent)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and nothing imported."""
    from huggingface_hub import constants

    place = tmp_path / "hub"
    place.mkdir()
    monkeypatch.setenv("KHALA_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(place))
    return place


def put_in_cache(cache: Path, folder: Path, repo: str) -> Path:
    """As `hf download` leaves a repository."""
    top = cache / f"models--{repo.replace('/', '--')}"
    snapshot = top / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    (top / "refs").mkdir(parents=True)
    (top / "refs" / "main").write_text(snapshot.name)
    (top / "blobs").mkdir()
    snapshot.mkdir(parents=True)
    for path in folder.iterdir():
        (snapshot / path.name).write_bytes(path.read_bytes())
    return snapshot


def test_an_embedded_name_goes_before_a_folder(embedded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert resolve("model") == embedded
    assert resolve("./model") == Path("model")


def test_a_folder(folder: Path) -> None:
    assert resolve(str(folder)) == folder
    info = describe(str(folder))
    assert info.config == tiny() and info.digest == load_model(folder).digest
    assert info.size == sum(path.stat().st_size for path in folder.iterdir())
    assert "songs up to 30 s, Apache-2.0, " in str(info)
    bound = replace(info, config=replace(info.config, license="CC-BY-NC-4.0"))
    assert ", CC-BY-NC-4.0, no commercial use, " in str(bound)


@pytest.mark.parametrize("name", ["grand", "", "../nowhere", "a/b/c", "~nobody/x", "x" * 5000, "a\0b", "-", "a b/c"])
def test_an_unknown_name_says_where_to_look(name: str, cache: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no model .*see: khala models list$") as caught:
        resolve(name)
    assert len(str(caught.value)) < 300 and caught.value.kind == "model-missing"


def test_a_hub_id(folder: Path, cache: Path) -> None:
    with pytest.raises(ModelError, match="not on this machine; fetch it: khala models download someone/tiny"):
        resolve("someone/tiny")
    snapshot = put_in_cache(cache, folder, "someone/tiny")
    assert resolve("someone/tiny") == snapshot
    assert load_model("someone/tiny").config == tiny()
    (snapshot / "codec.safetensors").unlink()
    with pytest.raises(ModelError, match=r"fetch it again: khala models download someone/tiny$"):
        load_model("someone/tiny")


def test_an_imported_model_is_found_by_the_hub_id_it_came_from(folder: Path, cache: Path, tmp_path: Path) -> None:
    place = tmp_path / "models" / "someone" / "tiny"
    shutil.copytree(folder, place)
    with pytest.raises(ModelError, match="not on this machine"):  # an import that did not come to its end
        resolve("someone/tiny")
    (place / "source.json").write_text('{"repo": "someone/tiny", "commit": "0123"}')
    assert resolve("someone/tiny") == place
    assert load_model("someone/tiny").config == tiny()
    assert "someone/tiny" in [info.name for info in list_models()]
    (place / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json: .*; fetch it again: khala models download someone/tiny$"):
        load_model("someone/tiny")


def test_a_pinned_commit_goes_before_the_newest_in_the_cache(folder: Path, cache: Path) -> None:
    newest = put_in_cache(cache, folder, "someone/tiny")
    pinned = newest.with_name("89abcdef0123456789abcdef0123456789abcdef")
    shutil.copytree(newest, pinned)
    store.write_pin(store.Listing("someone/tiny", pinned.name, "mit", {}))
    assert resolve("someone/tiny") == pinned


def test_a_broken_embedded_model_is_mended_by_installing(embedded: Path) -> None:
    (embedded / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"pip install --force-reinstall khala-music$"):
        load_model("model")


def test_list(embedded: Path, cache: Path) -> None:
    assert [info.name for info in list_models()] == ["model"]
    put_in_cache(cache, embedded, "someone/tiny")
    other = put_in_cache(cache, embedded, "someone/bert")
    (other / "config.json").write_text('{"architectures": ["Bert"]}')
    assert [info.name for info in list_models()] == ["model", "someone/tiny"]


def test_a_list_needs_no_torch() -> None:
    program = "import sys; from khala.weights import list_models; list_models(); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
