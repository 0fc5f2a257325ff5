"""Model folders with adapters in them, and back again. Needs no torch.

A merged model is a copy of its base whose matrices are changed in place; `merged.json` says by what, and `unmerge.npz`
holds the bits that differ, so that the base can be had back exactly.
"""

import json
import secrets
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.music.errors import ModelError, OutputError
from khala.weights.adapters import PARTS, Merging
from khala.weights.digests import NAME as DIGESTS
from khala.weights.digests import write_digests
from khala.weights.names import digested_files, verified_digest
from khala.weights.opening import OpenModel
from khala.weights.tensor_file import TensorFile

MERGED, DIFFERENCES = "merged.json", "unmerge.npz"


def merge(model: OpenModel, folder: Path) -> str:
    """Write a model with its adapters as a model folder; returns the digest of that. Raises ModelError, and OutputError
    if the folder is not a new one."""
    if (model.folder / MERGED).exists():
        raise ModelError(f"{model.folder} holds adapters already; name all of them at once, or: khala lora unmerge")

    def change(part: Path) -> None:
        differences = dict[str, Any]()
        for name in PARTS.values():
            merging = Merging(model.folder / name, model.adapters)
            for tensor in merging.names:
                differences[f"{name}/{tensor}"] = _replace_bits(part / name, tensor, merging.merged(tensor))
        np.savez_compressed(part / DIFFERENCES, **differences)
        about = {"base": model.digest, "loras": [one.to_dict() for one in model.adapters]}
        (part / MERGED).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    return _write_copy(model.folder, folder, change)


def unmerge(merged: Path, folder: Path) -> str:
    """Write the base of a merged model as a model folder; returns its digest, which is the base's. Raises ModelError
    for a model that is not merged or was changed since, OutputError if the folder is not a new one."""
    try:
        base = json.loads((merged / MERGED).read_text(encoding="utf-8"))["base"]
        with np.load(merged / DIFFERENCES, allow_pickle=False) as stored:
            differences = dict(stored)
    except (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile):
        raise ModelError(f"{merged} is not a merged model, or has lost {DIFFERENCES}; take its base itself") from None
    verified_digest(merged)

    def restore(part: Path) -> None:
        for key, bits in differences.items():
            name, _, tensor = key.partition("/")
            if name not in PARTS.values() or tensor not in TensorFile(part / name).tensors:
                raise ModelError(f"{merged / DIFFERENCES} is damaged: it names {key[:80]}; take the base itself")
            _replace_bits(part / name, tensor, bits, add=True)
        (part / MERGED).unlink()
        (part / DIFFERENCES).unlink()
        write_digests(part, digested_files(part))
        if (found := verified_digest(part, verify=False)) != base:
            raise ModelError(f"the base of {merged} cannot be had back: it was {base[:12]}, and this is {found[:12]}")

    return _write_copy(merged, folder, restore)


def _write_copy(source: Path, folder: Path, change: Callable[[Path], None]) -> str:
    """Copy a model folder, change the copy, and give it its name; returns its digest."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already; name a new folder")
    part = folder.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.mkdir(parents=True)
        for path in source.iterdir():
            if path.is_file() and path.name != DIGESTS:
                shutil.copyfile(path, part / path.name)
        change(part)
        write_digests(part, digested_files(part))
        part.replace(folder)
    except OSError as error:
        raise OutputError(f"cannot write the model to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return verified_digest(folder)


def _replace_bits(path: Path, tensor: str, values: NDArray[Any], add: bool = False) -> NDArray[np.integer]:
    """Write a tensor's values over those in a file, or with `add` combine them with `xor`; returns the bits in which
    they differ."""
    its = TensorFile(path).tensors[tensor]
    bits = values.view(f"u{values.itemsize}")
    stored = np.memmap(path, bits.dtype, "r+", its.offset, its.shape)
    new = stored ^ bits if add else bits
    difference: NDArray[np.integer] = stored ^ new
    stored[...] = new
    stored.flush()
    return difference
