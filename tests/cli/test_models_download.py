"""`khala models download`: what it says, and that what it fetched makes songs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from hub import COMMITS, Hub, serving


@pytest.fixture(scope="module")
def server(fixtures: Path, model: Path) -> Iterator[Hub]:
    with serving() as running:
        running.put("someone/weights", fixtures / "official-a" / "checkpoints")
        running.put("someone/noise", model)
        running.put("someone/mini", Path(str(files("khala"))) / "data" / "mini")
        yield running


def khala(server: Hub, home: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `khala ARGS` as a stranger would: in a process of its own, with this hub and an empty home."""
    places = {"HF_HOME": str(home / "hf"), "KHALA_MODELS": str(home / "models"), "HF_ENDPOINT": server.url}
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "KHALA_"))}
    program = [sys.executable, "-m", "khala", *args]
    return subprocess.run(program, capture_output=True, text=True, env=own | places | environment, cwd=home)


def test_licence_first_then_a_model_that_makes_songs_offline(server: Hub, tmp_path: Path) -> None:
    done = khala(server, tmp_path, "models", "download", "someone/weights")
    assert done.returncode == 0, done.stderr
    licence, what, *progress = done.stderr.splitlines()
    assert licence == (
        "Licence of the weights: CC-BY-NC-4.0 (no commercial use; publish songs only where nobody earns money by them)."
    )
    assert what.startswith(f"someone/weights at commit {COMMITS[0][:12]}: 15 files, 0.00 GB")
    assert any(line.startswith("download done") for line in progress)
    assert any(line.startswith("import codec") for line in progress)
    assert "fc1 bias single" in done.stdout
    assert done.stdout.splitlines()[-1] == "someone/weights  (try it: khala generate --model someone/weights)"
    again = khala(server, tmp_path, "models", "download", "someone/weights", "--quiet", HF_HUB_OFFLINE="1")
    assert again.returncode == 0 and "The model is already downloaded and complete." in again.stderr
    words = ["--instrumental", "--tags", "folk", "--duration", "5", "--seed", "1", "--json", "--quiet"]
    song = khala(server, tmp_path, "generate", "--model", "someone/weights", *words, HF_HUB_OFFLINE="1")
    assert song.returncode == 0, song.stderr
    (record,) = json.loads(song.stdout)
    assert record["model"]["license"] == "CC-BY-NC-4.0" and record["model"]["name"] == "weights"


def test_a_khala_model_is_listed_and_described_offline(server: Hub, tmp_path: Path) -> None:
    done = khala(server, tmp_path, "models", "download", "someone/noise", "--quiet")
    assert done.returncode == 0 and done.stderr.startswith("Licence of the weights: CC-BY-NC-4.0"), done.stderr
    listed = khala(server, tmp_path, "models", "list", HF_HUB_OFFLINE="1")
    assert "someone/noise: " in listed.stdout
    described = khala(server, tmp_path, "models", "info", "someone/noise", HF_HUB_OFFLINE="1")
    assert described.returncode == 0 and "(all files verified)" in described.stdout


def test_the_graphs_of_a_model_are_downloaded_too(server: Hub, tmp_path: Path) -> None:
    done = khala(server, tmp_path, "models", "download", "someone/mini", "--quiet")
    assert done.returncode == 0, done.stderr
    words = ["--instrumental", "--tags", "folk", "--duration", "5", "--seed", "1", "--json", "--quiet"]
    song = khala(server, tmp_path, "generate", "--model", "someone/mini", *words, HF_HUB_OFFLINE="1")
    assert song.returncode == 0, song.stderr
    assert json.loads(song.stdout)[0]["engine"] == "onnx"


@pytest.mark.parametrize(
    ("hub_id", "environment", "status", "says"),
    [
        ("nobody/nothing", {}, 3, "the model hub has no nobody/nothing, or it is private"),
        ("nothing", {}, 2, "'nothing' is not a hub id; write OWNER/NAME"),
        ("someone/noise", {"HF_HUB_OFFLINE": "1"}, 3, "not wholly, on this machine, and HF_HUB_OFFLINE is set"),
        ("someone/noise", {"HF_ENDPOINT": "http://127.0.0.1:9"}, 3, "check the network, run again: khala models"),
    ],
    ids=lambda value: str(value),
)
def test_a_refusal_is_one_line(
    server: Hub, tmp_path: Path, hub_id: str, environment: dict[str, str], status: int, says: str
) -> None:
    done = khala(server, tmp_path, "models", "download", hub_id, **environment)
    assert done.returncode == status
    (line,) = done.stderr.splitlines()
    assert line.startswith("khala: ") and says in line and done.stdout == ""
    assert not (tmp_path / "models").exists()
