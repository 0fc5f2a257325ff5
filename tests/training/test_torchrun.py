"""`torchrun -m khala.train`: the verbs of `khala train` on several ranks, one of which is killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

from khala.cli.main import run as khala
from khala.training import checkpoint, log

PATIENCE = 1200
"""Seconds after which a run hangs: a busy machine imports torch five times for a minute each."""

RECIPE = """
preset = "tiny"
[backbone]
steps = 30
batch_tokens = 500
micro_batch_tokens = 150
max_frames = 20
log_steps = 1
threads = 1
checkpoint_minutes = 1e-6
parallel = "fsdp"
precision = "float32"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def torchrun(*args: str) -> subprocess.Popen[bytes]:
    agent = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.Popen([*agent, *args], env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE)


def test_a_run_survives_a_rank_that_is_killed(tokens: Path, recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    args = ["backbone", str(recipe), "--tokens", str(tokens), "--device", "cpu"]
    agent = torchrun("--max-restarts", "3", "-m", "--", "khala.train", *args, "--run", str(run))
    deadline = time.monotonic() + PATIENCE
    while len(log.read(run / "backbone")) < 4 or not checkpoint.latest(run / "backbone"):
        assert agent.poll() is None and time.monotonic() < deadline, "the run ended, or never began"
        time.sleep(0.005)
    (second,) = (one for one in psutil.Process(agent.pid).children() if one.environ().get("RANK") == "1")
    second.kill()
    _, said = agent.communicate(timeout=PATIENCE)
    assert agent.returncode == 0, said.decode()
    assert b"resumed at step" in said, said.decode()
    assert khala(["train", *args, "--run", str(tmp_path / "single")]) == 0
    ours, theirs = (
        {(line["step"], line["kind"]): line["loss"] for line in log.read(folder / "backbone")}
        for folder in (run, tmp_path / "single")
    )
    assert ours.keys() == theirs.keys() and len(ours) == 31
    for at, losses in ours.items():
        assert losses == pytest.approx(theirs[at], abs=1e-5), at
    weights, others = (load_file(folder / "backbone" / "model.safetensors") for folder in (run, tmp_path / "single"))
    assert max((weight - others[name]).abs().max().item() for name, weight in weights.items()) < 1e-5
