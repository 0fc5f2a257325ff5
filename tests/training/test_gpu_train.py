"""The benchmark of training on a GPU takes its way on a CPU, with small shapes."""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks/gpu_train.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True)


def test_both_models_take_steps() -> None:
    lines = run("--device", "cpu", "--tiny", "--minutes", "0").stdout.splitlines()
    assert lines[0].startswith("CPU, torch ") and [line.partition(":")[0] for line in lines[1:]] == [
        "backbone",
        "superres",
    ]
    for line in lines[1:]:
        assert re.search(r"1 steps of \d+ tokens, [\d.]+ s each: \d+ tokens/s, .* mfu 0\.\d+", line), line


def test_a_setting_of_no_recipe_is_one_line() -> None:
    done = run("--device", "cpu", "--tiny", "--set", "backbone.layerz=3")
    assert done.returncode == 1 and done.stderr.startswith("gpu_train: ") and "layerz" in done.stderr
    assert len(done.stderr.splitlines()) == 1
