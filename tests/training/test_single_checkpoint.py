"""Checkpoints of version 0.1 are still read: weights, momenta, and for assembling."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from trained import go_on, trained

from khala.models.lm.backbone import Backbone
from khala.music.errors import ModelError
from khala.training import checkpoint
from khala.training.checkpoint import Checkpoints, State
from khala.weights.tensors import save_module


def write(run: Path, model: Backbone, optims: list[torch.optim.Optimizer]) -> Path:
    """A checkpoint as version 0.1 wrote it."""
    folder = run / "checkpoints" / "step-00000003"
    folder.mkdir(parents=True)
    save_module(folder / "model.safetensors", model, torch.float32)
    tensors = {
        f"{number}.{index}.{key}": value.detach().contiguous()
        for number, optimizer in enumerate(optims)
        for index, values in optimizer.state_dict()["state"].items()
        for key, value in values.items()
    }
    save_file(tensors, folder / "optimizer.safetensors")
    (folder / "state.json").write_text(json.dumps({"step": 3, "elapsed": 1.5, "epoch": 2, "batch": 7}))
    return folder


def test_a_run_of_version_0_1_goes_on_and_writes_checkpoints_of_today(tmp_path: Path) -> None:
    model, optims = trained(3)
    write(tmp_path, model, optims)
    other, others = trained(0)
    checkpoints = Checkpoints(tmp_path, other, others)
    assert checkpoints.resume() == State(step=3, elapsed=1.5, epoch=2, batch=7)
    go_on(model, optims, 2)
    go_on(other, others, 2)
    for weight, same in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(weight, same)
    checkpoints.save(State(step=5))
    checkpoints.finish()
    last, lasts = trained(0)
    assert checkpoint.load(checkpoint.latest(tmp_path), last, lasts) == State(step=5)
    go_on(other, others, 1)
    go_on(last, lasts, 1)
    for weight, same in zip(other.parameters(), last.parameters(), strict=True):
        assert torch.equal(weight, same)


def test_its_weights_alone_are_read_for_a_model_folder(tmp_path: Path) -> None:
    model, optims = trained(1)
    other, _ = trained(0)
    checkpoint.load_weights(write(tmp_path, model, optims), other)
    for weight, same in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(weight, same)


def test_momentum_of_another_division_of_the_weights_is_refused(tmp_path: Path) -> None:
    model, optims = trained(1)
    folder = write(tmp_path, model, optims)
    other, others = trained(0)
    with pytest.raises(ModelError, match="another division of the weights"):
        checkpoint.load(folder, other, others[::-1])
