"""Judging a song in fresh processes: without torch, and on different numbers of threads."""

import os
import subprocess
import sys

import numpy as np
import pytest

JUDGE = """
import sys

class NoTorch:  # not None in sys.modules, which scipy would take for torch
    def find_spec(name, path, target=None):
        if name == "torch":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch)
import numpy as np
from khala.evaluation.report import evaluate
from khala.evaluation.targets import RequestTargets
from khala.music.request import SongRequest
from khala.scoring import hear, score
from khala.scoring.style import embed
from khala.scoring.key import chroma
time = np.arange(20 * 44100) / 44100
noise = np.random.default_rng(0).standard_normal((2, len(time))) * 0.1 * np.sin(8 * time) ** 2
samples = (noise + 0.3 * np.sin(2 * np.pi * 330 * time)).astype(np.float32)
request = SongRequest(tags=("rock", "e minor"), lyrics="[verse]\\nSing it to the sky")
print(repr(score(samples, 44100, request)), chroma(samples, 44100).sum(0).tolist(), embed(samples, 44100).tolist())
print(hear(samples, 44100))
print(evaluate(samples, 44100, RequestTargets(lyrics=request.lyrics))["words"])
"""


def judge(threads: int) -> str:
    named = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", JUDGE], capture_output=True, text=True, env={**os.environ, **named})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def judged() -> str:
    return judge(1)


def test_judging_needs_no_torch(judged: str) -> None:
    assert np.isfinite(float(judged.split()[0]))
    assert "'phones': " in judged.splitlines()[-1]


def test_the_number_of_threads_changes_nothing(judged: str) -> None:
    assert judge(2) == judged
