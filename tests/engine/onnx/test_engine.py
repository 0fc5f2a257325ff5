"""The embedded model in the engine of onnxruntime, as a pipeline uses it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from khala.engine.onnx import engine as module
from khala.engine.onnx.engine import OnnxEngine
from khala.engine.onnx.memory import COPIES, FLOAT, need, numbers
from khala.engine.onnx.threads import cpu_threads
from khala.generation import plan
from khala.generation.pipeline import Pipeline
from khala.generation.take import Take
from khala.models.lm.length import MARGIN
from khala.models.lm.windows import Windows
from khala.music.errors import InvalidRequest
from khala.music.request import SongRequest
from khala.weights.names import BACKBONE, read_config, resolve
from khala.weights.opening import open_model

REQUEST = SongRequest(
    tags=("pop", "female vocals"),
    lyrics="[verse]\nOver the hills",
    duration=5,
    seed=11,
    sampling=read_config(resolve("mini")).sampling,
)


@pytest.fixture(scope="module")
def pipe() -> Iterator[Pipeline]:
    """Songs of a second and a half."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MARGIN", 0.3)
        yield Pipeline(OnnxEngine(open_model("mini"), threads=2))


@pytest.fixture(scope="module")
def take(pipe: Pipeline) -> Take:
    return pipe.generate(REQUEST)[0]


def test_the_record_says_what_computed(take: Take, pipe: Pipeline) -> None:
    record = take.metadata
    assert (record["engine"], record["device"], record["dtype"]) == ("onnx", "cpu", "float32")
    assert record["versions"]["onnxruntime"] and "torch" not in record["versions"]
    assert pipe.mode == "keep_loaded"


def test_a_take_does_not_depend_on_its_company_or_on_threads(pipe: Pipeline, take: Take) -> None:
    one_thread = Pipeline(OnnxEngine(open_model("mini"), threads=1))
    three = one_thread.generate(replace(REQUEST, takes=3))
    assert np.array_equal(three[0].samples, take.samples) and np.array_equal(three[0].codes, take.codes)
    assert not np.array_equal(three[1].codes, three[2].codes)
    (alone,) = pipe.generate(replace(REQUEST, seed=three[2].metadata["seed"]))
    assert np.array_equal(alone.samples, three[2].samples)


def test_the_best_of_two_is_judged(pipe: Pipeline) -> None:
    (best,) = pipe.generate(replace(REQUEST, best_of=2))
    told = [one["information"] for one in best.metadata["candidates"]]
    assert len(set(told)) == 2 and all(abs(nats) > 0.01 for nats in told)


def test_a_take_that_nobody_wants_costs_nothing(pipe: Pipeline, take: Take) -> None:
    plans = pipe.plan_takes(replace(REQUEST, takes=2))
    kept, left = pipe.backbone(plans, wanted=lambda number: number == 0)
    assert np.array_equal(kept.codes, take.codes[:2]) and left.codes.shape[1] < kept.codes.shape[1]


def test_long_songs_are_refined_in_windows(pipe: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = pipe.plan_takes(REQUEST)
    whole = pipe.superres(plans, pipe.backbone(plans))
    monkeypatch.setattr(pipe.engine, "windows", Windows(16, 2, 2))
    told: list[int] = []
    parts = pipe.superres(plans, pipe.backbone(plans), lambda stage, done, total: told.append(total))
    assert told[-1] > 62 and not np.array_equal(parts[0], whole[0])


def test_memory_is_counted(pipe: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_model("mini")
    assert numbers(opened.folder / BACKBONE) == pytest.approx(4.9e6, rel=0.01)
    needs = [need(opened.folder, opened.config, seconds, takes, 2) for seconds, takes in ((10, 1), (60, 1), (60, 16))]
    assert needs == sorted(needs) and len(set(needs)) == 3
    monkeypatch.setattr(module, "main_memory", lambda: needs[1])
    assert pipe.fits(60) and pipe.takes_at_once(60) == 1
    monkeypatch.setattr(module, "main_memory", lambda: needs[2])
    assert pipe.takes_at_once(60) == 16 and pipe.takes_at_once(30) == 16
    monkeypatch.setattr(module, "main_memory", lambda: needs[0])
    assert not pipe.fits(60)
    with pytest.raises(InvalidRequest, match=r"needs 0\.\d GB of memory for a song of 60 s, and 0\.\d GB are free"):
        OnnxEngine(opened, 60, threads=2)


def test_the_cache_of_a_song_in_windows_does_not_grow() -> None:
    opened = open_model("mini")
    config = replace(opened.config, window_frames=600)
    grown = [
        need(opened.folder, config, seconds, 16, 2) - need(opened.folder, config, 60, 16, 2) for seconds in (120, 240)
    ]
    samples = (COPIES * 2 * 2048 * FLOAT + 2 * 64) * 16
    assert grown == [pytest.approx(samples * MARGIN * seconds * 44100 / 2048, rel=0.001) for seconds in (60, 180)]


def test_a_closed_engine_keeps_no_sessions() -> None:
    engine = OnnxEngine(open_model("mini"), threads=1)
    assert engine.backbone is engine.backbone
    engine.close()
    assert not {"backbone", "superres", "codec", "codebooks"} & vars(engine).keys()


@pytest.mark.parametrize(("asked", "threads"), [("1", 1), ("", 2), ("0", 2), ("many", 2), ("64", 2)])
def test_threads(asked: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1})
    assert cpu_threads() == threads
