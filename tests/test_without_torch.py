"""The package as pip installs it, without PyTorch and scipy: songs are made and judged all the same, and a command that
needs PyTorch says so in one line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub import Hub, serving
from serving import NEW, Live

from khala.engine.opening import INSTALL_TORCH

ROOT = Path(__file__).parents[1]
RECIPE = str(ROOT / "recipes" / "mini" / "recipe.toml")
HIDE = """
from importlib.machinery import PathFinder
HIDDEN = "torch", "scipy", "pyloudnorm"
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name in HIDDEN else find(name, *rest)
"""
Khala = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds, as its children do, nothing more installed and no model downloaded."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(HIDE)
    paths = [str(tmp_path / "without"), str(ROOT / "src")]
    places = {"PYTHONPATH": os.pathsep.join(paths), "HF_HOME": str(tmp_path / "hf"), "KHALA_MODELS": str(tmp_path)}
    return {**os.environ, **places, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def khala(environment: dict[str, str], tmp_path: Path) -> Khala:
    """Run `khala ARGS` there, in a folder of its own."""

    def run(*args: str, **more: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "khala", *args]
        return subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env=environment | more)

    return run


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    """A hub with published weights, by their names alone."""
    with serving() as running:
        names = "backbone/iter_1/common.pt", "superresolution/iter_1/common.pt", "dac_rvq_1.ckpt"
        running.put("someone/weights", dict.fromkeys(names, b"weights"))
        yield running


def test_the_better_of_two_songs_with_words(khala: Khala, tmp_path: Path) -> None:
    words = ["--tags", "pop, female vocals", "--lyrics", "[verse]\nover the river", "--seed", "3", "--duration", "5"]
    words += ["--best-of", "2"]
    done = khala("generate", *words, "--output", "song.wav", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    assert (record["engine"], record["device"], record["dtype"]) == ("onnx", "cpu", "float32")
    assert "torch" not in record["versions"] and "onnxruntime" in record["versions"]
    assert all(candidate["heard"] is not None for candidate in record["candidates"])
    assert (tmp_path / "song.wav").stat().st_size > 4 * 44100 * record["duration"]
    done = khala("evaluate", "song.wav")
    assert done.returncode == 0 and "song.wav" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["generate", "--quiet", "--device", "cuda"], "the device cuda"),
        (["generate", "--quiet", "--dtype", "bfloat16"], "the number format bfloat16"),
        (["generate", "--quiet", "--engine", "torch"], "the engine torch"),
        (["worker", "--device", "cuda"], "the device cuda"),
        (["worker", "--dtype", "bfloat16"], "the number format bfloat16"),
        (["worker", "--engine", "torch"], "the engine torch"),
        (["models", "import", ".", "--to", "imported"], "importing published weights"),
        (["models", "export", "mini", "--to", "llama", "--format", "hf-llama"], "this command"),
        (["train", "backbone", RECIPE], "this command"),
        (["finetune", ".", "--out", "mine"], "finetuning"),
        (["corpus", "tokenize", ".", "--codec", ".", "--out", "tokens"], "this command"),
        (["bench", "superres"], "this command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_needs_torch_says_so_in_one_line(khala: Khala, args: list[str], what: str) -> None:
    done = khala(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"khala: {what} needs PyTorch: {INSTALL_TORCH}\n"


def test_a_model_without_graphs_needs_torch(khala: Khala, singer: Path) -> None:
    done = khala("generate", "--quiet", "--model", str(singer))
    assert done.returncode == 2
    assert done.stderr == f"khala: the model tiny, which has no graphs, needs PyTorch: {INSTALL_TORCH}\n"


def test_published_weights_are_not_downloaded_in_vain(khala: Khala, server: Hub, tmp_path: Path) -> None:
    done = khala("models", "download", "someone/weights", HF_ENDPOINT=server.url)
    assert done.returncode == 2
    assert done.stderr == f"khala: importing published weights needs PyTorch: {INSTALL_TORCH}\n"
    assert not [path for path in (tmp_path / "hf").rglob("*") if path.name == "common.pt"]


def test_a_song_of_the_service(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "khala", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            live = Live(int(process.stderr.readline().rpartition(":")[2]))
            song = live.http.post("/api/v1/songs", json={**NEW, "seed": 7}).json()
            assert "done" in [event["event"] for event in live.events(f"/songs/{song['id']}/events")]
            (take,) = live.http.get(f"/api/v1/songs/{song['id']}").json()["takes"]
            assert live.http.get(f"/api/v1/takes/{take['id']}/metadata").json()["engine"] == "onnx"
        finally:
            process.terminate()


def test_the_doctor_finds_the_machine_sound(khala: Khala) -> None:
    done = khala("doctor")
    assert done.returncode == 0, done.stdout
    (torch,) = [line for line in done.stdout.splitlines() if line.startswith("- torch ")]
    assert "not installed; needed only for published weights, GPUs and training" in torch and INSTALL_TORCH in torch
    (model,) = [line for line in done.stdout.splitlines() if line.startswith("  model ")]
    assert " mini: " in model and model.endswith("; engine onnx")
    assert "by onnx in float32: " in done.stdout and "by torch" not in done.stdout
