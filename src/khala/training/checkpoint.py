"""The state of a run on disk: sharded safetensors of `torch.distributed.checkpoint`, and JSON, whole or absent.

A checkpoint is a folder `checkpoints/step-00000120` with a file of tensors from each rank and `state.json`. It is
written in the background under another name and renamed, so a process killed at any moment leaves the one before it
intact. Any number of ranks reads it, sharded or not.
"""

import json
import shutil
import warnings
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter

from khala.music.errors import KhalaError, ModelError
from khala.training import single_checkpoint
from khala.training.ranks import Ranks
from khala.weights.tensors import load_module, trained_tensors

KEPT = 2

warnings.filterwarnings("ignore", "torch.distributed is disabled")  # a single process needs none


@dataclass(frozen=True)
class State:
    """Where a run stands: steps done, seconds of training over all its sittings, position in the data, and positions
    of all ranks that have gone through the model."""

    step: int = 0
    elapsed: float = 0.0
    epoch: int = 0
    batch: int = 0
    positions: int = 0


class Checkpoints:
    """The checkpoints of a run, of which the last KEPT stay. All ranks make the same calls."""

    def __init__(
        self, run: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer], ranks: Ranks | None = None
    ) -> None:
        self.folder, self.model, self.optimizers, self.ranks = run / "checkpoints", model, optimizers, ranks or Ranks()
        self._group = dist.new_group(backend="gloo") if self.ranks.world > 1 else None  # for the background alone
        self._written: Future[Any] | None = None
        self._draft = self._final = self.folder

    def save(self, state: State) -> Path:
        """Copy the state and begin to write it; `finish` makes it a checkpoint. Returns the folder that it will be."""
        self.finish()
        self._draft, self._final = (self.folder / f"{name}-{state.step:08d}" for name in ("draft", "step"))
        if self.ranks.main:
            shutil.rmtree(self._draft, ignore_errors=True)
            self._draft.mkdir(parents=True, exist_ok=True)  # the writers of quicker ranks make it, too
            (self._draft / "state.json").write_text(json.dumps(asdict(state)), encoding="utf-8")
        writer = HuggingFaceStorageWriter(str(self._draft), save_distributed=True)
        single = self.ranks.world == 1
        written = state_dict_saver.async_save(
            _tensors(self.model, self.optimizers), storage_writer=writer, process_group=self._group, no_dist=single
        )
        assert isinstance(written, Future)
        self._written = written
        return self._final

    def finish(self) -> None:
        """Wait until what was begun is written, and forget older checkpoints."""
        if self._written is None:
            return
        written, self._written = self._written, None
        try:
            written.result()
        except (OSError, RuntimeError, CheckpointException) as error:
            raise KhalaError(f"cannot write the checkpoint {self._final}: {error}") from error
        if self.ranks.main:
            shutil.rmtree(self._final, ignore_errors=True)
            self._draft.rename(self._final)
            for old in sorted(self.folder.glob("step-*"))[:-KEPT]:
                shutil.rmtree(old)

    def settle(self) -> None:
        """Do what `finish` does if there is nothing to wait for."""
        if self._written is not None and self._written.done():
            self.finish()

    def resume(self) -> State | None:
        """Bring model and optimizers to the newest checkpoint; None if there is none. Raises ModelError if it does not
        fit."""
        (found, *_) = self.ranks.gather(latest(self.folder.parent))
        if self.ranks.main:
            for draft in self.folder.glob("draft-*"):
                shutil.rmtree(draft)
        return load(found, self.model, self.optimizers) if found else None


def latest(run: Path) -> Path | None:
    """The newest checkpoint of a run, or None."""
    return max((run / "checkpoints").glob("step-*"), default=None)


def load(folder: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> State:
    """Bring `model` and `optimizers` to the state of the checkpoint `folder`. Raises ModelError if it does not fit."""
    try:
        state = State(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
        if single_checkpoint.is_single(folder):
            single_checkpoint.load(folder, model, optimizers)
        else:
            shapes = _shapes(folder)
            tensors = {f"model.{name}": tensor.detach() for name, tensor in trained_tensors(model).items()}
            for name in (name for name in shapes if name.startswith("optimizer.")):
                tensors[name] = _state_of(name, shapes[name], model, optimizers)
            _read(folder, tensors, shapes)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError, CheckpointException) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"the checkpoint {folder} does not fit this recipe ({reason}); mend it with: rm -r {folder}"
        ) from error
    return state


def load_weights(folder: Path, model: nn.Module) -> None:
    """Read the weights of a checkpoint into an unsharded `model`. Raises ValueError, OSError if they do not fit."""
    if single_checkpoint.is_single(folder):
        load_module(folder / "model.safetensors", model)
        return
    shapes = {name: shape for name, shape in _shapes(folder).items() if name.startswith("model.")}
    try:
        _read(folder, {f"model.{name}": tensor.detach() for name, tensor in trained_tensors(model).items()}, shapes)
    except (RuntimeError, SafetensorError, CheckpointException) as error:
        raise ValueError(str(error).splitlines()[0]) from error


def _shapes(folder: Path) -> dict[str, torch.Size]:
    found = HuggingFaceStorageReader(str(folder)).read_metadata().state_dict_metadata
    return {name: tensor.size for name, tensor in found.items()}  # type: ignore[union-attr]


def _read(folder: Path, tensors: dict[str, Tensor], shapes: dict[str, torch.Size]) -> None:
    for name in sorted(tensors.keys() | shapes.keys()):
        if name not in tensors or name not in shapes or tensors[name].shape != shapes[name]:
            raise ValueError(f"its {name} is {list(shapes.get(name, ()))}, of another model")
    reader = HuggingFaceStorageReader(str(folder))
    state_dict_loader.load(dict(tensors), storage_reader=reader, no_dist=not dist.is_initialized())


def _tensors(model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """The weights as "model.<name>" and every tensor of the optimizers' states as "optimizer.<number>.<what>.<name>";
    rates come from the recipe."""
    names: dict[Tensor, str] = {weight: name for name, weight in model.named_parameters()}
    return {f"model.{name}": tensor.detach() for name, tensor in trained_tensors(model).items()} | {
        f"optimizer.{number}.{key}.{names[weight]}": value
        for number, optimizer in enumerate(optimizers)
        for weight, values in optimizer.state.items()
        for key, value in values.items()
    }


def _state_of(name: str, shape: torch.Size, model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> Tensor:
    """Make the tensor of an optimizer's state of that name, sharded as its weight is."""
    _, number, key, weight_name = name.split(".", 3)
    weight, optimizer = model.get_parameter(weight_name), optimizers[int(number)]
    if not any(weight is one for group in optimizer.param_groups for one in group["params"]):
        raise ValueError(f"its {name} belongs to another division of the weights")
    value = torch.zeros_like(weight) if shape else torch.zeros(())
    optimizer.state[weight][key] = value
    return value
