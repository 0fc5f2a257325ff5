"""Names of models -> their folders: embedded models, folders, and hub ids that were downloaded. Needs no torch."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from khala.models.config import ModelConfig
from khala.music.errors import KhalaError, ModelError
from khala.music.licences import commercial_use
from khala.weights import configs
from khala.weights.aliases import rename_keys
from khala.weights.digests import NAME as DIGESTS
from khala.weights.digests import file_digest, model_digest, read_digests
from khala.weights.store import imported_commit, imported_folder, imported_names, models_home, read_pin

FORMAT = 1
"""The version of the folder format that this version of Khala reads and writes."""

CONFIG = "config.json"
BACKBONE = "backbone.safetensors"
SUPERRES = "superres.safetensors"
CODEC = "codec.safetensors"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
DIGESTED = (CONFIG, BACKBONE, SUPERRES, CODEC, TOKENIZER)
"""Files that songs depend on. The card is not one of them: anyone may add to it."""
GRAPHS = ("backbone.onnx", "superres.onnx", "codec.onnx", "codec-mel.onnx")
"""Graphs of the same model, for the engine without torch. A folder may have none."""
DURATIONS = "durations.safetensors"
"""When phones are sung, for models that are led through their words. A folder may have none."""
OPTIONAL = (*GRAPHS, DURATIONS)
BACKBONE_GRAPH, SUPERRES_GRAPH, CODEC_GRAPH, MEL_GRAPH = GRAPHS
RECOGNISER, RECOGNISER_GRAPH = "recogniser.safetensors", "recogniser.onnx"
"""The phone recogniser, which belongs to no model: it lies in a folder of its own."""

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""OWNER/NAME on the model hub."""


@dataclass(frozen=True)
class ModelInfo:
    """An installed model: its name, folder, configuration, digest and size in bytes."""

    name: str
    folder: Path
    config: ModelConfig
    digest: str
    size: int

    def __str__(self) -> str:
        license = self.config.license
        terms = f"{license}, no commercial use" if commercial_use(license) is False else license
        size, longest = f"{self.size / 1e6:.1f} MB", f"songs up to {self.config.max_seconds:g} s"
        return f"{self.name}: {size}, {longest}, {terms}, {self.digest[:12]}"


def resolve(name: str) -> Path:
    """Find the folder of the model `name`: an embedded name, a path, or a hub id that was downloaded.

    An embedded name comes before a folder of the same name; write `./mini` for the folder. The network is not used.
    Raises ModelError if there is no such model.
    """
    try:
        if re.fullmatch(r"[\w-]+", name) and (_embedded() / name / CONFIG).is_file():
            return _embedded() / name
        if name and Path(name).expanduser().is_dir():
            return Path(name).expanduser()
    except (OSError, RuntimeError, ValueError):  # too long, no such home, a NUL: not the name of a folder
        pass
    if HUB_ID.fullmatch(name):
        folder = imported_folder(name) if imported_commit(name) is not None else _cached(name)
        if folder is not None:
            return folder
        reason = f"the model {name!r} is not on this machine; fetch it: khala models download {name}"
        raise ModelError(reason, "model-missing")
    reason = f"there is no model {name[:100]!r}; give a name, a folder or a hub id; see: khala models list"
    raise ModelError(reason, "model-missing")


def repair_advice(folder: Path) -> str:
    """Return how to repair a broken model in `folder`, as the end of an error message."""
    if folder.parent == _embedded():
        return "repair it: pip install --force-reinstall khala-music"
    if folder.parent.name == "snapshots":  # the hub's cache: models--<owner>--<name>/snapshots/<revision>
        repo = folder.parent.parent.name.removeprefix("models--").replace("--", "/", 1)
        return f"fetch it again: khala models download {repo}"
    if folder.parent.parent == models_home():
        return f"fetch it again: khala models download {folder.parent.name}/{folder.name}"
    return "copy the whole folder again, or take another model: khala models list"


def read_config(folder: Path) -> ModelConfig:
    """Read the configuration of the model in `folder`. Raises ModelError."""
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise ValueError(f"it is not of format {FORMAT}, which this version reads")
        rename_keys(values)
        return configs.from_json(ModelConfig, values)
    except (OSError, ValueError, RecursionError, KhalaError) as error:
        raise broken_file(folder, CONFIG, error) from None


def digested_files(folder: Path) -> list[str]:
    """List the files that a model's digest is made of."""
    return [*DIGESTED, *(name for name in OPTIONAL if (folder / name).exists())]


def verified_digest(folder: Path, verify: bool = True) -> str:
    """Return the model's digest; with `verify`, compare every file with its own first. Raises ModelError."""
    try:
        digests = read_digests(folder, digested_files(folder))
    except (OSError, ValueError, RecursionError) as error:
        raise broken_file(folder, DIGESTS, error) from None
    for name, digest in digests.items():
        try:
            if verify and file_digest(folder / name) != digest:
                raise ValueError("its content is not what digests.json says: it was changed or damaged")
        except (OSError, ValueError) as error:
            raise broken_file(folder, name, error) from None
    return model_digest(digests)


def broken_file(folder: Path, name: str, error: Exception) -> ModelError:
    """Return the error for a file `name` of a model that cannot be used."""
    reason = (error.strerror or error) if isinstance(error, OSError) else error
    return ModelError(f"the model in {folder} is broken: {name}: {reason}; {repair_advice(folder)}")


def describe(name: str, verify: bool = True) -> ModelInfo:
    """Return name, configuration, digest and size of a model; `verify` as in `verified_digest`. Raises ModelError."""
    folder = resolve(name)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return ModelInfo(name, folder, read_config(folder), verified_digest(folder, verify), size)


def list_models() -> list[ModelInfo]:
    """List embedded and imported models and those in the hub's cache, unverified. Broken ones are left out."""
    found = []
    embedded = sorted(path.parent.name for path in _embedded().glob(f"*/{CONFIG}"))
    for name in [*embedded, *imported_names(), *_cached_names()]:
        try:
            found.append(describe(name, verify=False))
        except ModelError:
            continue
    return found


def _embedded() -> Path:
    return Path(str(files("khala"))) / "data"


def _cached(repo: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache  # its import takes half a second

    pin = read_pin(repo)
    path: Any = try_to_load_from_cache(repo, CONFIG, revision=pin.commit if pin is not None else None)
    return Path(path).parent if isinstance(path, str) else None


def _cached_names() -> Iterator[str]:
    """List the repositories in the hub's cache that hold a Khala model."""
    from huggingface_hub import CacheNotFound, constants, scan_cache_dir

    try:
        repos = sorted(scan_cache_dir(constants.HF_HUB_CACHE).repos, key=lambda repo: repo.repo_id)
    except CacheNotFound:
        return
    for repo in repos:
        folder = _cached(repo.repo_id) if repo.repo_type == "model" else None
        if folder is not None and (folder / BACKBONE).exists() and (folder / DIGESTS).exists():
            yield repo.repo_id
