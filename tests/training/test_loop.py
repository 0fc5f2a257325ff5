"""The loop: a run that is killed loses at most a checkpoint interval and nothing of its result."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from khala.corpus.shards import codebooks
from khala.models.backbone import Backbone
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest, KhalaError
from khala.training import checkpoint, log, loop
from khala.training.backbone import BackboneObjective
from khala.training.recipe import BackboneRecipe
from khala.weights.tokenizer import Tokenizer

RECIPE = BackboneRecipe(
    steps=14, batch_tokens=300, piece_tokens=150, max_frames=20, threads=1, log_steps=1, checkpoint_minutes=1e-6,
    eval_songs=1, precision="float32",
)  # fmt: skip


def run(tokens: Path, folder: Path, recipe: BackboneRecipe = RECIPE) -> Path:
    torch.manual_seed(recipe.seed)
    model = Backbone(tiny().backbone).bind_codebooks(codebooks(tokens))
    return loop.train(BackboneObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, recipe), recipe, folder)


@pytest.fixture(scope="module")
def whole(tokens: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tokens, tmp_path_factory.mktemp("whole"))


def start(tokens: Path, folder: Path) -> subprocess.Popen:
    """A run in a process of its own, returned once it has logged six steps."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_loop; from pathlib import Path\n"
    )
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
    recipe = replace(RECIPE, steps=25, batch_tokens=1000, piece_tokens=500, log_steps=5, checkpoint_minutes=5.0)
    run(tokens, tmp_path, recipe)
    lines = log.read(tmp_path)
    assert [line["kind"] for line in lines] == ["train"] * 5 + ["held-out"]
    assert lines[0]["loss"]["q0"] > 2.2 and lines[-1]["loss"]["q0"] < 1.6 and lines[-1]["loss"]["q1"] < 1.6
    assert {"tokens/s", "eta", "rate", "grad", "elapsed", "epoch"} <= lines[0].keys()


def test_steps_go_on_from_where_they_were_epoch_after_epoch() -> None:
    class Three:
        def epoch(self, number: int) -> list[list[str]]:
            return [[f"{number}.{step}"] for step in range(3)]

    steps = islice(loop._steps(Three(), checkpoint.State(epoch=4, batch=1)), 6)
    assert [plans for *_, plans in steps] == [["4.1"], ["4.2"], ["5.0"], ["5.1"], ["5.2"], ["6.0"]]


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
    torch.manual_seed(0)
    model = Backbone(tiny().backbone).bind_codebooks(codebooks(tokens))
    objective = BackboneObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, RECIPE)
    objective.loss = lambda piece, losses: model.head.weight.sum() * float("nan")
    before = model.head.weight.clone()
    with pytest.raises(KhalaError, match="not finite"):
        loop.train(objective, RECIPE, tmp_path)
    assert torch.equal(model.head.weight, before)


def test_nothing_to_train_on_is_said(tokens: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Backbone(tiny().backbone).bind_codebooks(codebooks(tokens))
    objective = BackboneObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, RECIPE)
    objective.corpus.train = []
    with pytest.raises(InvalidRequest, match="no song outside"):
        loop.train(objective, RECIPE, tmp_path)
