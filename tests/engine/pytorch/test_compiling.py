"""The engine torch-compiled makes the songs of torch, or says at once that it cannot."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from khala.engine.pytorch import opening
from khala.engine.pytorch.compiling import compiled_row_work
from khala.generation.pipeline import load
from khala.models.lm import pack
from khala.music.errors import InvalidRequest


@pytest.fixture(autouse=True)
def nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pack, "GPU_ROWS", 64)
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.mark.parametrize("mode", ["keep_loaded", "one_shot"])
def test_songs_are_those_of_torch(folder: Path, mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "compiled_row_work", partial(compiled_row_work, backend="aot_eager"))
    graphs = torch._dynamo.utils.counters["stats"]
    song = {"tags": ("pop",), "instrumental": True, "duration": 5, "takes": 2, "seed": 1}
    plain = load(folder, "cpu", "float32", mode, engine="torch").generate(**song)
    before = graphs["unique_graphs"]
    compiled = load(folder, "cpu", "float32", mode, engine="torch-compiled").generate(**song)
    assert graphs["unique_graphs"] - before == 3  # the trial, before attention, after it
    assert compiled[0].metadata["engine"] == "torch-compiled"
    for one, other in zip(plain, compiled, strict=True):
        assert np.array_equal(one.codes, other.codes) and np.array_equal(one.samples, other.samples)


def test_a_machine_that_cannot_compile_is_told_before_a_song_is_begun() -> None:
    def backend(graph: Any, inputs: Any) -> Any:
        raise OSError("no working C++ compiler found\nin a list of paths")

    with pytest.raises(InvalidRequest) as error:
        compiled_row_work(torch.device("cpu"), backend)
    said = str(error.value)
    assert said.startswith("the engine torch-compiled cannot compile for cpu on this machine (") and "\n" not in said
    assert "no working C++ compiler found" in said and said.endswith("or choose the engine torch")
