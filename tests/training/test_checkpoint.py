"""Checkpoints: whole or absent, the last two kept, the state of the optimizers in them."""

from pathlib import Path

import pytest
import torch

from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.training import checkpoint
from khala.training.checkpoint import State
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import BackboneRecipe


def trained(steps: int) -> tuple[Backbone, list[torch.optim.Optimizer]]:
    torch.manual_seed(0)
    model = Backbone(tiny().backbone)
    optims = language_model_optimizers(model, BackboneRecipe())
    go_on(model, optims, steps)
    return model, optims


def go_on(model: Backbone, optims: list[torch.optim.Optimizer], steps: int) -> None:
    torch.manual_seed(1)
    for _ in range(steps):
        model.zero_grad()
        sum((weight * torch.randn_like(weight)).sum() for weight in model.parameters()).backward()
        for optimizer in optims:
            optimizer.step()


def test_a_loaded_run_goes_on_as_the_one_that_was_saved(tmp_path: Path) -> None:
    model, optims = trained(3)
    state = State(step=3, elapsed=1.5, epoch=2, batch=7)
    checkpoint.save(tmp_path, state, model, optims)
    other, others = trained(0)
    assert checkpoint.load(checkpoint.latest(tmp_path), other, others) == state
    go_on(model, optims, 2)
    go_on(other, others, 2)
    for weight, same in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(weight, same)


def test_two_are_kept_and_a_draft_is_none(tmp_path: Path) -> None:
    assert checkpoint.latest(tmp_path) is None
    model, optims = trained(1)
    for step in (1, 2, 3):
        checkpoint.save(tmp_path, State(step=step), model, optims)
    (tmp_path / "checkpoints" / "draft-00000004").mkdir()
    names = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    assert names == ["step-00000002", "step-00000003"]
    assert checkpoint.latest(tmp_path) == tmp_path / "checkpoints" / "step-00000003"


def test_a_broken_checkpoint_says_how_to_mend_it(tmp_path: Path) -> None:
    model, optims = trained(1)
    folder = checkpoint.save(tmp_path, State(step=1), model, optims)
    (folder / "model.safetensors").write_bytes(b"short")
    with pytest.raises(ModelError, match=r"mend it with: rm -r .*step-00000001"):
        checkpoint.load(folder, model, optims)


def test_momentum_of_another_division_of_the_weights_is_refused(tmp_path: Path) -> None:
    model, optims = trained(1)
    muon, adam = optims
    muon.add_param_group({"params": [parameter for group in adam.param_groups for parameter in group["params"]]})
    folder = checkpoint.save(tmp_path, State(step=1), model, optims)
    for weight in muon.param_groups[-1]["params"]:
        muon.state[weight]["momentum"] = torch.zeros_like(weight)
    more = checkpoint.save(tmp_path, State(step=2), model, optims)
    _, others = trained(0)
    assert checkpoint.load(folder, model, others) == State(step=1)
    with pytest.raises(ModelError, match="another division of the weights"):
        checkpoint.load(more, model, others)
    with pytest.raises(ModelError, match="another division of the weights"):
        checkpoint.load(folder, model, others[::-1])
