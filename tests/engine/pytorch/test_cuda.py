"""What only a GPU's way through the engine has, with a GPU that is none (`pretend_cuda`)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pretend_cuda import DEVICE, PretendCuda, pretend_cuda
from service import tiny_model

from khala.engine.pytorch import decode
from khala.generation.pipeline import Pipeline, load
from khala.generation.take import Take
from khala.models.lm import pack, static
from khala.music.request import SongRequest

LYRICS = "[verse]\nhello world\n[chorus]\nsing a song"


@pytest.fixture(scope="module", params=["plain", "led"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model as the published one, and one with conditions, a guide and guidance."""
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", led=request.param == "led")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attention grows several times within a song, and songs begin and end amid blocks of rows."""
    monkeypatch.setattr(static, "SPAN_POSITIONS", 128)
    monkeypatch.setattr(pack, "GPU_ROWS", 64)


@pytest.fixture
def cuda() -> Iterator[PretendCuda]:
    with pretend_cuda() as cuda:
        yield cuda


def songs(pipeline: Pipeline, numbers: tuple[int, ...] = (1, 2, 3)) -> list[Take]:
    """Takes of one song, some of them, that share a batch."""
    request = SongRequest(tags=("pop",), lyrics=LYRICS, duration=5, takes=3, seed=3, sampling=pipeline.config.sampling)
    plans = [plan for plan in pipeline.plan_takes(request) if plan.number in numbers]
    results = pipeline.backbone(plans)
    codes = pipeline.superres(plans, results)
    return [pipeline.render(*each) for each in zip(plans, codes, results, strict=True)]


@pytest.fixture(scope="module")
def on_a_cpu(folder: Path) -> list[Take]:
    """The same takes on a CPU, where each frame is looked at and songs pass one after the other."""
    return songs(load(folder, "cpu", "float32", engine="torch"))


@pytest.mark.parametrize("graphs", [True, False])
def test_songs_are_those_of_a_cpu_alone_and_in_company(
    folder: Path, on_a_cpu: list[Take], cuda: PretendCuda, graphs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHALA_CUDA_GRAPHS", str(int(graphs)))
    pipeline = load(folder, str(DEVICE), "float32")
    made = [*songs(pipeline), *songs(pipeline, (2,))]
    assert made[0].metadata["device"] == "cuda:1" and (cuda.graphs > 4) == graphs and bool(cuda.graphs) == graphs
    for take, same in zip(made, [*on_a_cpu, on_a_cpu[1]], strict=True):
        assert np.array_equal(take.codes, same.codes)
        np.testing.assert_allclose(take.samples, same.samples, atol=1e-5)
    assert len({take.codes.shape[1] for take in on_a_cpu}) > 1  # they end at different times


def test_parts_that_are_loaded_in_turn_make_the_same_song(
    folder: Path, on_a_cpu: list[Take], cuda: PretendCuda
) -> None:
    pipeline = load(folder, "cuda:1", "float32", "one_shot")
    (take,) = songs(pipeline, (2,))
    pipeline.close()
    assert np.array_equal(take.codes, on_a_cpu[1].codes)


def test_the_host_waits_for_looks_and_the_guide_alone(folder: Path, cuda: PretendCuda) -> None:
    pipeline = load(folder, "cuda:1")
    assert pipeline.engine.dtype == "bfloat16"
    request = SongRequest(tags=("pop",), lyrics=LYRICS, duration=5, seed=3, sampling=pipeline.config.sampling)
    plans = pipeline.plan_takes(request)
    cuda.waits.clear()
    (result,) = pipeline.backbone(plans)
    frames = result.codes.shape[1]
    waits = Counter(cuda.waits)
    assert waits.pop("tolist") <= -(-(2 * frames + 1) // decode.STEPS_PER_SYNC)
    assert waits.pop("cpu", 0) <= (0 if result.phone_index is None else frames + decode.STEPS_PER_SYNC // 2)
    assert waits.total() < 12  # prompts and conditions, once
    cuda.waits.clear()
    pipeline.superres(plans, [result])
    assert len(cuda.waits) < 12  # the song and its conditions, once
