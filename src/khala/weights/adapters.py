"""Adapters: low-rank changes of a model's matrices (LoRA, Hu et al., arXiv 2106.09685), added when weights are read.

An adapter is a folder of the format of the library PEFT, `adapter_config.json` and `adapter_model.safetensors`, for
both language models: their matrices are called `backbone.blocks.0.attention.qkv` and so on. `khala.json` beside them
tells which model it was trained for, its trigger, and how many songs it has learned from. Needs no torch.
"""

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.music.errors import InvalidRequest, ModelError
from khala.music.loras import NAME, Lora, require_distinct, require_trigger, with_trigger
from khala.music.request import SongRequest
from khala.weights.digests import file_digest, model_digest
from khala.weights.names import BACKBONE, SUPERRES
from khala.weights.tensor_file import TensorFile, stored_as

CONFIG, TENSORS, ABOUT = "adapter_config.json", "adapter_model.safetensors", "khala.json"
PARTS = {"backbone": BACKBONE, "superres": SUPERRES}
"""The parts of a model that adapters change, and their files."""
PREFIX = "base_model.model."
"""What PEFT puts before a module's name."""

MODULES = "attention.qkv", "attention.out", "mlp.gate_up", "mlp.down"
"""The matrices of a block."""

MODULE = rf"blocks\.\d+\.(?:{'|'.join(map(re.escape, MODULES))})"
"""Their names, as a regular expression."""

_MATRIX = re.compile(rf"{re.escape(PREFIX)}({'|'.join(PARTS)})\.({MODULE})\.lora_([AB])\.weight")
_UNSUPPORTED = ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "fan_in_fan_out")


@dataclass(frozen=True)
class Adapter:
    """An adapter in a folder: the digest of its files, the name and digest of the model that it was trained for ("":
    it does not say), its `trigger`, the number of songs that it learned from (0: unknown), and its `scale` alpha / r.

    `changed` are the names of the matrices that it changes, by part.
    """

    name: str
    folder: Path
    digest: str
    base: str
    base_digest: str
    trigger: str
    songs: int
    scale: float
    changed: dict[str, list[str]]

    def change(self, part: str, name: str) -> NDArray[np.float64]:
        """Return what a matrix of a part is changed by, [O, I]. In float64, so that what it is rounded to does not
        depend on the number of threads that multiply."""
        down_RI, up_OR = (self._file.array(_tensor(part, name, side)).astype(np.float64) for side in "AB")
        change_OI: NDArray[np.float64] = self.scale * (up_OR @ down_RI)
        return change_OI

    def shape(self, part: str, name: str) -> tuple[int, int, int]:
        """Return the size [O, I] of a matrix that it changes, and the rank of that change."""
        down, up = (self._file.tensors[_tensor(part, name, side)].shape for side in "AB")
        return up[0], down[1], down[0]

    @property
    def rank(self) -> int:
        """The largest rank of its changes."""
        return max(self.shape(part, name)[2] for part, names in self.changed.items() for name in names)

    @cached_property
    def _file(self) -> TensorFile:
        return TensorFile(self.folder / TENSORS)


@dataclass(frozen=True)
class Weighed:
    """An adapter, and how much of it is added."""

    adapter: Adapter
    weight: float

    def to_dict(self) -> dict[str, Any]:
        """Return what a record says of it."""
        return {"name": self.adapter.name, "weight": self.weight, "digest": self.adapter.digest}


def loras_home() -> Path:
    """Return the folder of installed adapters: `KHALA_LORAS`, or in the user's folder for data."""
    if named := os.environ.get("KHALA_LORAS"):
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "khala" / "loras"


def place_of(name: str) -> Path:
    """Return the folder for a new adapter: that of an installed one if `name` is no path."""
    return loras_home() / name if re.fullmatch(NAME, name) else Path(name).expanduser()


def list_adapters() -> list[Adapter]:
    """List the installed adapters. Broken ones are left out."""
    found = []
    for folder in sorted(path.parent for path in loras_home().glob(f"*/{CONFIG}")):
        try:
            found.append(read_adapter(folder))
        except ModelError:
            continue
    return found


def find_adapter(name: str) -> Path:
    """Return the folder of an adapter, by the name of an installed one or as a path. Raises ModelError."""
    try:
        if re.fullmatch(NAME, name) and (loras_home() / name / CONFIG).is_file():
            return loras_home() / name
        if name and (Path(name).expanduser() / CONFIG).is_file():
            return Path(name).expanduser()
    except (OSError, RuntimeError, ValueError):  # too long, no such home, a NUL: not the name of a folder
        pass
    raise ModelError(f"there is no adapter {name[:100]!r}; see: khala lora list", "model-missing")


def read_adapter(folder: Path) -> Adapter:
    """Read what an adapter's folder says of it; the values of its tensors are not read. Raises ModelError."""
    try:
        config, about = _json(folder / CONFIG), _json(folder / ABOUT) if (folder / ABOUT).exists() else {}
        if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none":
            raise ValueError(f"{CONFIG} is not of a LoRA without biases")
        if other := next((key for key in _UNSUPPORTED if config.get(key)), None):
            raise ValueError(f"Khala does not apply its {other}")
        rank, alpha, base = int(config["r"]), float(config["lora_alpha"]), about.get("base", {})
        if rank < 1 or not math.isfinite(alpha):
            raise ValueError(f"{CONFIG} has rank {rank} and alpha {alpha}")
        return Adapter(
            name=folder.resolve().name,
            folder=folder,
            digest=model_digest({name: file_digest(folder / name) for name in (CONFIG, TENSORS)}),
            base=str(base.get("name", "")),
            base_digest=str(base.get("digest", "")),
            trigger=require_trigger(str(about.get("trigger", ""))),
            songs=int(about.get("songs", 0)),
            scale=alpha / (math.sqrt(rank) if config.get("use_rslora") else rank),
            changed=_changed(TensorFile(folder / TENSORS)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidRequest) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        raise ModelError(f"the adapter in {folder} cannot be used: {reason}; train or fetch it again") from None


def open_adapters(loras: Sequence[Lora], model: Path, digest: str) -> tuple[Weighed, ...]:
    """Return the adapters of these names for the model in a folder, which has this digest. Raises ModelError for one
    that is missing, broken, or belongs to another model, InvalidRequest for one that is named twice."""
    require_distinct(loras)
    found = []
    for lora in loras:
        adapter = read_adapter(find_adapter(lora.name))
        if adapter.base_digest and adapter.base_digest != digest:
            raise ModelError(
                f"the adapter {adapter.name} belongs to the model {adapter.base[:40]} {adapter.base_digest[:12]}, and "
                f"this is {digest[:12]}; choose that model with --model, or another adapter"
            )
        _require_fitting(adapter, model)
        found.append(Weighed(adapter, lora.weight))
    return tuple(found)


def triggered(request: SongRequest, adapters: Sequence[Weighed]) -> SongRequest:
    """Return a request that calls for what adapters have learned: with the triggers of those that are added."""
    for one in adapters:
        request = with_trigger(request, one.adapter.trigger if one.weight > 0 else "")
    return request


class Merging:
    """The matrices `names` of a model's file that adapters change."""

    def __init__(self, weights: Path, adapters: Sequence[Weighed]) -> None:
        self._weights = weights
        (self._part,) = (part for part, name in PARTS.items() if name == weights.name)
        self._adapters = [one for one in adapters if one.weight]
        self.names = sorted({name for one in self._adapters for name in one.adapter.changed.get(self._part, ())})

    @cached_property
    def _file(self) -> TensorFile:
        return TensorFile(self._weights)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return them all, `merged`. Without adapters the file is not opened."""
        return {name: self.merged(name) for name in self.names}

    def merged(self, name: str) -> NDArray[Any]:
        """Return a matrix with what adapters change, rounded to the format of the file (`tensor_file.STORED`): what a
        merged model holds, and both engines compute with. Raises ModelError if it is not finite."""
        total_OI = self._file.array(name).astype(np.float64)
        for one in self._adapters:
            if name in one.adapter.changed.get(self._part, ()):
                total_OI += one.weight * one.adapter.change(self._part, name)
        with np.errstate(over="ignore"):
            values_OI = stored_as(self._file.tensors[name].dtype, total_OI.astype(np.float32))
        if not np.isfinite(total_OI).all() or (values_OI.dtype.kind == "f" and not np.isfinite(values_OI).all()):
            its = " + ".join(one.adapter.name for one in self._adapters)
            raise ModelError(f"with {its} the matrix {name} has values that are not finite; give a smaller weight")
        return values_OI


def _require_fitting(adapter: Adapter, model: Path) -> None:
    """Raise ModelError for a change of a matrix that the model does not have, or has in another size."""
    for part, names in adapter.changed.items():
        known = TensorFile(model / PARTS[part]).tensors
        for name in names:
            size, has = adapter.shape(part, name)[:2], known[name].shape if name in known else ()
            if has != size:
                ours, theirs = (" x ".join(map(str, one)) or "no such matrix" for one in (has, size))
                raise ModelError(
                    f"the adapter {adapter.name} is another model's: it changes {part}.{name} of {theirs}, and the "
                    f"model has {ours}; choose another"
                )


def _changed(file: TensorFile) -> dict[str, list[str]]:
    """Return the matrices that a file of tensors changes, by part. Raises ValueError for tensors that are not pairs."""
    ranks: dict[tuple[str, str], dict[str, int]] = {}
    for tensor, its in file.tensors.items():
        found = _MATRIX.fullmatch(tensor)
        if found is None or len(its.shape) != 2:
            raise ValueError(f"it changes {tensor[:80]}, which is no matrix of a language model's blocks")
        part, module, side = found.groups()
        ranks.setdefault((part, f"{module}.weight"), {})[side] = its.shape["AB".index(side)]
    changed: dict[str, list[str]] = {}
    for (part, name), sides in sorted(ranks.items()):
        if len(sides) != 2 or sides["A"] != sides["B"]:
            raise ValueError(f"its change of {part}.{name} is not a pair of matrices")
        changed.setdefault(part, []).append(name)
    if not changed:
        raise ValueError("it changes nothing")
    return changed


def _tensor(part: str, name: str, side: str) -> str:
    return f"{PREFIX}{part}.{name.removesuffix('.weight')}.lora_{side}.weight"


def _json(path: Path) -> dict[str, Any]:
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{path.name} is not an object")
    return values
