"""The state of a run on disk: safetensors and JSON, whole or absent.

A checkpoint is a folder `checkpoints/step-00000120` with `model.safetensors`, `optimizer.safetensors` and `state.json`.
It is written under another name and renamed, so a process killed at any moment leaves the one before it intact.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from khala.music.errors import ModelError
from khala.weights.tensors import load_module, save_module

KEPT = 2


@dataclass(frozen=True)
class State:
    """Where a run stands: steps done, seconds of training over all its sittings, position in the data."""

    step: int = 0
    elapsed: float = 0.0
    epoch: int = 0
    batch: int = 0


def save(run: Path, state: State, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer]) -> Path:
    """Write a checkpoint into `run/checkpoints` and forget all but the last KEPT."""
    folder = run / "checkpoints"
    final = folder / f"step-{state.step:08d}"
    draft = folder / f"draft-{state.step:08d}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    save_module(draft / "model.safetensors", model, torch.float32)
    save_file(_optimizer_tensors(optimizers), draft / "optimizer.safetensors")
    (draft / "state.json").write_text(json.dumps(asdict(state)), encoding="utf-8")
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)
    for old in sorted(folder.glob("step-*"))[:-KEPT]:
        shutil.rmtree(old)
    return final


def latest(run: Path) -> Path | None:
    """The newest checkpoint of a run, or None."""
    return max((run / "checkpoints").glob("step-*"), default=None)


def load(folder: Path, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer]) -> State:
    """Bring `model` and `optimizers` to the state of the checkpoint `folder`. Raises ModelError if it does not fit."""
    try:
        state = State(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
        load_module(folder / "model.safetensors", model)
        tensors = load_file(folder / "optimizer.safetensors")
        for number, optimizer in enumerate(optimizers):
            _load_optimizer(optimizer, number, tensors)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"the checkpoint {folder} does not fit this recipe ({reason}); mend it with: rm -r {folder}"
        ) from error
    return state


def _optimizer_tensors(optimizers: list[torch.optim.Optimizer]) -> dict[str, torch.Tensor]:
    """Every tensor of the optimizers' states as "<optimizer>.<parameter>.<what>"; rates come from the recipe."""
    return {
        f"{number}.{index}.{key}": value.detach().contiguous()
        for number, optimizer in enumerate(optimizers)
        for index, values in optimizer.state_dict()["state"].items()
        for key, value in values.items()
    }


def _load_optimizer(optimizer: torch.optim.Optimizer, number: int, tensors: dict[str, torch.Tensor]) -> None:
    whole = optimizer.state_dict()
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for name, tensor in tensors.items():
        owner, index, key = name.split(".")
        if int(owner) == number:
            if int(index) >= len(weights) or (tensor.dim() and tensor.shape != weights[int(index)].shape):
                raise ValueError(f"its optimizer state {name} belongs to another division of the weights")
            whole["state"].setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict(whole)
