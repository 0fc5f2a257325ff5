"""The loop: a step is what the recipe says, and a run that is killed loses at most a checkpoint interval."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from steps import DECAY, FACTORS, WARMUP, Step, norm, rates

from khala.corpus.data.shards import codebooks
from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest, KhalaError
from khala.training import checkpoint, log, loop
from khala.training.objectives.backbone import BackboneObjective, BatchSpec
from khala.training.parallel import parallelize
from khala.training.ranks import Ranks
from khala.training.recipe import BackboneRecipe
from khala.training.step import Step as Pass
from khala.weights.tokenizer import Tokenizer

RECIPE = BackboneRecipe(
    steps=14, batch_tokens=300, micro_batch_tokens=150, max_frames=20, threads=1, log_steps=1, checkpoint_minutes=1e-6,
    eval_songs=1, precision="float32",
)  # fmt: skip


def objective(tokens: Path, recipe: BackboneRecipe = RECIPE) -> BackboneObjective:
    torch.manual_seed(recipe.seed)
    model = Backbone(tiny().backbone).bind_codebooks(codebooks(tokens))
    return BackboneObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, recipe)


def run(tokens: Path, folder: Path, recipe: BackboneRecipe = RECIPE) -> Path:
    return loop.train(objective(tokens, recipe), recipe, folder)


@pytest.fixture(scope="module")
def whole(tokens: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tokens, tmp_path_factory.mktemp("whole"))


def start(tokens: Path, folder: Path) -> subprocess.Popen:
    """A run in a process of its own, returned once it has logged six steps."""
    here = Path(__file__).parent
    code = f"import sys; sys.path += {[str(here), str(here.parent)]}; import test_loop; from pathlib import Path\n"
    code += f"test_loop.run(Path({str(tokens)!r}), Path({str(folder)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(log.read(folder)) < 6:
        assert process.poll() is None and time.monotonic() < deadline, "the run ended, or never began"
        time.sleep(0.005)
    return process


def assert_same(a: Path, b: Path) -> None:
    one, other = load_file(a), load_file(b)
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def test_killed_and_resumed_is_uninterrupted(tokens: Path, whole: Path, tmp_path: Path) -> None:
    process = start(tokens, tmp_path / "run")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert_same(run(tokens, tmp_path / "run"), whole)
    lines = log.read(tmp_path / "run")
    assert [line["step"] for line in lines if line["kind"] == "train"] == list(range(1, RECIPE.steps + 1))
    original = {line["step"]: line["loss"] for line in log.read(whole.parent)}
    assert {line["step"]: line["loss"] for line in lines} == original


def test_a_termination_signal_ends_it_with_a_checkpoint(tokens: Path, whole: Path, tmp_path: Path) -> None:
    process = start(tokens, tmp_path / "run")
    process.terminate()
    process.wait()
    steps = max(line["step"] for line in log.read(tmp_path / "run"))
    assert checkpoint.latest(tmp_path / "run").name == f"step-{steps:08d}"
    assert_same(run(tokens, tmp_path / "run"), whole)


def test_it_learns_and_says_so(whole: Path, tokens: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=25, batch_tokens=1000, micro_batch_tokens=500, log_steps=5, checkpoint_minutes=5.0)
    run(tokens, tmp_path, recipe)
    lines = log.read(tmp_path)
    assert [line["kind"] for line in lines] == ["train"] * 5 + ["held-out"]
    assert lines[0]["loss"]["q0"] > 2.2 and lines[-1]["loss"]["q0"] < 1.6 and lines[-1]["loss"]["q1"] < 1.6
    assert {"tokens/s", "eta", "rate", "grad", "elapsed", "epoch"} <= lines[0].keys()


def test_a_budget_of_time_ends_the_run(tokens: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=0, minutes=0.02, checkpoint_minutes=5.0, eval_minutes=0.01)
    run(tokens, tmp_path, recipe)
    lines = log.read(tmp_path)
    elapsed = [line["elapsed"] for line in lines]
    assert elapsed == sorted(elapsed) and 1.2 <= elapsed[-1] < 10
    assert sum(line["kind"] == "held-out" for line in lines) >= 2
    rates = [line["rate"] for line in lines if line["kind"] == "train"]
    assert rates[-1] < 0.5 * max(rates)
    steps = lines[-1]["step"]
    run(tokens, tmp_path, recipe)
    assert max(line["step"] for line in log.read(tmp_path)) == steps, "a finished run does not start anew"


def test_a_loss_that_is_not_finite_ends_the_run(tokens: Path, tmp_path: Path) -> None:
    made = objective(tokens)
    head = made.model.head.weight
    made.loss = lambda batch, losses, progress: head.sum() * float("nan")
    before = head.clone()
    with pytest.raises(KhalaError, match="not finite since step 1;"):
        loop.train(made, RECIPE, tmp_path)
    assert torch.equal(head, before)


def test_a_loss_that_is_not_finite_now_and_then_is_left_out(tokens: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(RECIPE, steps=24, batch_tokens=1, checkpoint_minutes=5.0)  # a song a step
    made = objective(tokens, recipe)
    factors = cycle([float("nan"), 1.0])
    made.loss = lambda batch, losses, progress=1.0: made.model.head.weight.sum() * next(factors)
    loop.train(made, recipe, tmp_path)
    assert len(steps) == 12 and made.model.head.weight.isfinite().all()


def test_rates_follow_the_schedule_of_the_recipe(tokens: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(RECIPE, steps=10, warmup=WARMUP, decay=DECAY, checkpoint_minutes=5.0)
    run(tokens, tmp_path, recipe)
    full = [recipe.other_rate, recipe.embedding_rate, recipe.matrix_rate]
    for step, factor in zip(steps, FACTORS, strict=True):
        assert sorted(rates(step)) == pytest.approx([factor * rate for rate in full], rel=1e-3)


def test_a_step_in_micro_batches_is_that_step_in_one(tokens: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(RECIPE, steps=1, prompt_dropout=0.0, clip=1e6)
    grads = []
    for name, batches in {"one": [[0, 1, 2]], "two": [[0], [1, 2]]}.items():
        made = objective(tokens, recipe)
        made.epoch = lambda number, batches=batches: [[BatchSpec(0, None, songs) for songs in batches]]
        loop.train(made, recipe, tmp_path / name)
        grads.append([grad for _, grad in steps.pop().values()])
    torch.testing.assert_close(*grads, rtol=1e-3, atol=1e-6)


def test_gradients_are_those_of_their_step_and_clipped(tokens: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(RECIPE, steps=3, clip=0.01, matrix_rate=0.0, embedding_rate=0.0, head_rate=0.0, other_rate=0.0)
    made = objective(tokens, recipe)
    (plans, *_) = made.epoch(0)
    made.epoch = lambda number: [plans]  # nothing is learnt of the same songs: the gradients stay as they are
    loop.train(made, recipe, tmp_path)
    assert [norm(step) for step in steps] == pytest.approx([0.01] * 3, rel=1e-3)
    before = [line["grad"] for line in log.read(tmp_path) if line["kind"] == "train"]
    assert before[0] > 0.1 and before == pytest.approx([before[0]] * 3)
    steps.clear()
    loop.train(made, replace(recipe, steps=1, clip=1e6), tmp_path / "unclipped")
    assert norm(steps[0]) == pytest.approx(before[0], rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_products_are_in_the_format_of_the_recipe(tokens: Path, tmp_path: Path, precision: str) -> None:
    recipe = replace(RECIPE, steps=1, precision=precision)
    made = objective(tokens, recipe)
    seen = set()

    def note(module: torch.nn.Module, _: Any, output: torch.Tensor) -> None:
        seen.add((torch.is_grad_enabled(), module.weight.dtype, output.dtype))

    for module in made.model.blocks.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(note)
    loop.train(made, recipe, tmp_path)
    dtype = getattr(torch, precision)
    assert seen == {(True, torch.float32, dtype), (False, torch.float32, dtype)}, "in training as on held-out songs"


def test_a_budget_of_tokens_ends_the_run(tokens: Path, tmp_path: Path) -> None:
    run(tokens, tmp_path, replace(RECIPE, steps=0, tokens=2000, checkpoint_minutes=5.0))
    lines = [line for line in log.read(tmp_path) if line["kind"] == "train"]
    state = json.loads((checkpoint.latest(tmp_path) / "state.json").read_text())
    assert 2000 <= state["positions"] < 2000 + 450 and state["step"] == len(lines) > 4
    assert lines[-1]["rate"] < 0.5


def test_it_says_how_well_the_device_is_used(whole: Path) -> None:
    lines = [line for line in log.read(whole.parent) if line["kind"] == "train"]
    assert all(0 < line["mfu"] < 1.5 for line in lines)


def test_several_ranks_take_no_budget_of_minutes(tokens: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="set steps or tokens"):
        loop.train(objective(tokens), replace(RECIPE, steps=0), tmp_path, Ranks(0, 2))


@pytest.mark.parametrize("settings", [{"recompute": True}, {"compile": "eager"}, {"loader_threads": 3}])
def test_how_a_step_is_computed_changes_nothing_of_it(
    tokens: Path, whole: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    run(tokens, tmp_path, replace(RECIPE, checkpoint_minutes=5.0, **settings))
    one, other = load_file(tmp_path / "model.safetensors"), load_file(whole)
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=0, atol=1e-5, msg=name)


def test_blocks_are_recomputed_and_compiled_if_the_recipe_says_so(
    tokens: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for settings, count in (({}, 1), ({"recompute": True}, 2)):
        made, seen = objective(tokens), []
        made.model.blocks[0].mlp.register_forward_pre_hook(lambda *_, seen=seen: seen.append(1))
        compiled = []
        monkeypatch.setattr(torch.nn.Module, "compile", lambda module, **how: compiled.append((module, how)))  # noqa: B023
        step = Pass(made)
        passing = parallelize(step, replace(RECIPE, compile="inductor", **settings), Ranks(), torch.float32)
        passing(made.micro_batch(made.epoch(0)[0][0]), 1.0).backward()
        assert len(seen) == count
        assert compiled == [(block, {"backend": "inductor"}) for block in made.blocks]


def test_samples_are_made_of_what_is_learned_so_far(tokens: Path, whole: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, sample_steps=6, checkpoint_minutes=5.0)
    path = run(tokens, tmp_path, recipe)
    songs = objective(tokens).corpus.held_out[:2]
    for step in (6, 12):
        codes = [np.load(tmp_path / "samples" / f"step-{step:08d}" / f"{song.name}.npy") for song in songs]
        assert all(one.shape[0] == 2 and one.max() < 16 for one in codes)
    assert_same(path, whole)


def test_tensorboard_gets_what_the_log_gets(tokens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scalars: dict[str, list[int]] = {}

    class Writer:
        def __init__(self, folder: str, **how: Any) -> None:
            assert folder == str(tmp_path / "tensorboard")

        def add_scalar(self, name: str, value: float, step: int) -> None:
            scalars.setdefault(name, []).append(step)

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer))
    run(tokens, tmp_path, replace(RECIPE, steps=2, tensorboard=True))
    assert scalars["train/loss q0"] == [1, 2] and scalars["held-out/loss q1"] == [2] and "train/mfu" in scalars
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InvalidRequest, match="TensorBoard is not installed"):
        run(tokens, tmp_path / "other", replace(RECIPE, steps=2, tensorboard=True))
