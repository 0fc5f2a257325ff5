"""A song has the same bits whatever the number of threads, and no stage lets PyTorch's threads wait for each other."""

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from khala.engine.pytorch.engine import TorchEngine
from khala.generation.pipeline import Pipeline
from khala.models.lm import pack
from khala.music.request import SongRequest
from khala.weights import LoadedModel

REQUEST = SongRequest(tags=("folk",), lyrics="[verse]\nOver the hills", duration=5, seed=11, best_of=2)

PROGRAM = """
import sys
from hashlib import sha256
from khala import load
from khala.generation import plan
plan.MARGIN = 0.3  # a second and a half
pipe = load("mini", "cpu", "float32" if sys.argv[1] == "onnx" else "backbone=float32,superres=bfloat16")
(take,) = pipe.generate(tags="pop, female vocals", lyrics="[verse]\\nWalking down the road", duration=5, seed=5)
print(*(sha256(array.tobytes()).hexdigest() for array in (take.codes, take.samples)), take.metadata["engine"])
"""


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_any_number_of_threads_makes_the_same_song(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "THREAD_ROWS", 16)
    at_work: set[tuple[str, int]] = set()
    pipe = Pipeline(TorchEngine(loaded), listener=lambda samples, rate, request: 0.0)
    songs = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        songs += pipe.generate(
            REQUEST, progress=lambda stage, done, total: at_work.add((stage, torch.get_num_threads()))
        )
        assert torch.get_num_threads() == threads
    for song in songs[1:]:
        assert np.array_equal(song.codes, songs[0].codes) and np.array_equal(song.samples, songs[0].samples)
    computed = {(stage, threads) for stage, threads in at_work if stage != "finish"}
    assert computed == {("backbone", 1), ("superres", 1), ("decode", 1)}


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_the_embedded_model_makes_the_same_song_whatever_the_environment_says(engine: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, engine],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(n)},
        )
        for n in (1, 2, 3)
    ]
    told = {process.communicate()[0] for process in processes}
    (line,) = told
    assert line.split()[2] == engine
