"""Checkpoints: whole or absent, the last two kept, the state of the optimizers in them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from trained import go_on, trained

from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.training import checkpoint
from khala.training.checkpoint import Checkpoints, State
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import BackboneRecipe


def save(run: Path, state: State, model: Backbone, optims: list[torch.optim.Optimizer]) -> Path:
    checkpoints = Checkpoints(run, model, optims)
    folder = checkpoints.save(state)
    checkpoints.finish()
    return folder


def test_a_loaded_run_goes_on_as_the_one_that_was_saved(tmp_path: Path) -> None:
    model, optims = trained(3)
    state = State(step=3, elapsed=1.5, epoch=2, batch=7)
    save(tmp_path, state, model, optims)
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
        save(tmp_path, State(step=step), model, optims)
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2
    (tmp_path / "checkpoints" / "draft-00000004").mkdir()
    names = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    assert names == ["step-00000002", "step-00000003"]
    assert checkpoint.latest(tmp_path) == tmp_path / "checkpoints" / "step-00000003"


def test_what_is_learned_while_a_checkpoint_is_written_is_not_in_it(tmp_path: Path) -> None:
    model, optims = trained(1)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    checkpoints = Checkpoints(tmp_path, model, optims)
    folder = checkpoints.save(State(step=1))
    assert checkpoint.latest(tmp_path) is None, "it is none before it is whole"
    go_on(model, optims, 1)
    checkpoints.finish()
    other, others = trained(0)
    checkpoint.load(folder, other, others)
    assert all(torch.equal(weight, before[name]) for name, weight in other.named_parameters())


def test_a_draft_that_a_kill_has_left_is_removed(tmp_path: Path) -> None:
    model, optims = trained(1)
    save(tmp_path, State(step=1), model, optims)
    (tmp_path / "checkpoints" / "draft-00000002").mkdir()
    assert Checkpoints(tmp_path, model, optims).resume() == State(step=1)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000001"]


def test_the_writer_of_a_quicker_rank_makes_the_folder_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = shutil.rmtree

    def remove_late(path: Path, ignore_errors: bool = False) -> None:
        remove(path, ignore_errors=ignore_errors)
        if path.name.startswith("draft"):
            path.mkdir(parents=True)

    monkeypatch.setattr(shutil, "rmtree", remove_late)
    assert save(tmp_path, State(step=1), *trained(1)) == checkpoint.latest(tmp_path)


def test_another_model_is_refused(tmp_path: Path) -> None:
    model, optims = trained(1)
    folder = save(tmp_path, State(step=1), model, optims)
    wider = Backbone(replace(tiny().backbone, ffn=64))
    with pytest.raises(ModelError, match="of another model"):
        checkpoint.load(folder, wider, language_model_optimizers(wider, BackboneRecipe()))
    with pytest.raises(ValueError, match="of another model"):
        checkpoint.load_weights(folder, wider)


def test_a_broken_checkpoint_says_how_to_mend_it(tmp_path: Path) -> None:
    model, optims = trained(1)
    folder = save(tmp_path, State(step=1), model, optims)
    (tensors,) = folder.glob("*.safetensors")
    tensors.write_bytes(b"short")
    with pytest.raises(ModelError, match=r"mend it with: rm -r .*step-00000001"):
        checkpoint.load(folder, model, optims)


def test_momentum_of_another_division_of_the_weights_is_refused(tmp_path: Path) -> None:
    model, optims = trained(1)
    muon, adam = optims
    muon.add_param_group({"params": [parameter for group in adam.param_groups for parameter in group["params"]]})
    folder = save(tmp_path, State(step=1), model, optims)
    for weight in muon.param_groups[-1]["params"]:
        muon.state[weight]["momentum"] = torch.zeros_like(weight)
    more = save(tmp_path, State(step=2), model, optims)
    other, others = trained(0)
    assert checkpoint.load(folder, other, others) == State(step=1)
    with pytest.raises(ModelError, match="another division of the weights"):
        checkpoint.load(more, other, others)
    with pytest.raises(ModelError, match="another division of the weights"):
        checkpoint.load(folder, other, others[::-1])
