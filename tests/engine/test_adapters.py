"""Both engines compute with the same adapters, and so with the merged model."""

from pathlib import Path

import numpy as np
import pytest
from adapters import write_adapter

from khala.engine.base import Engine
from khala.engine.opening import open_engine
from khala.models.lm.refine_input import RefineInput
from khala.music.loras import Lora
from khala.music.request import Sampling
from khala.weights.adapters import MODULES
from khala.weights.merging import merge
from khala.weights.names import resolve
from khala.weights.opening import open_model

PROMPT = list(b"folk, slow")
CODES = np.random.default_rng(5).integers(0, 1024, (2, 10)).astype(np.int16)


def heard(engine: Engine) -> tuple[float, np.ndarray]:
    """What an engine makes of a few frames: their likelihood, and all levels."""
    rows = np.zeros((10, 1), np.int64)
    one = RefineInput([*PROMPT, engine.config.layout.marker(2)], CODES, 7, Sampling(superres_sampling="mean"), rows)
    (codes_QT,) = engine.refine([one])
    return engine.nats(PROMPT, CODES), codes_QT


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory) -> list[Lora]:
    home = tmp_path_factory.mktemp("loras")
    for seed, name in enumerate(("one", "two")):
        write_adapter(home / name, resolve("mini"), seed=seed, size=0.1, names=MODULES)
    return [Lora(str(home / "one"), 0.8), Lora(str(home / "two"), -0.5)]


def test_the_engines_agree_and_songs_are_those_of_the_merged_model(loras: list[Lora], tmp_path: Path) -> None:
    merge(open_model("mini", loras=loras), tmp_path / "merged")
    nats, codes = heard(open_engine("mini", engine="onnx", loras=loras))
    merged_nats, merged_codes = heard(open_engine(tmp_path / "merged", engine="onnx"))
    assert nats == merged_nats and np.array_equal(codes, merged_codes)
    torch_nats, torch_codes = heard(open_engine("mini", "cpu", "float32", engine="torch", loras=loras))
    assert torch_nats == pytest.approx(nats, rel=1e-4) and (torch_codes == codes).mean() > 0.97
    plain_nats, plain_codes = heard(open_engine("mini", engine="onnx"))
    assert abs(plain_nats - nats) > 0.1 and not np.array_equal(plain_codes, codes)


def test_one_part_at_a_time_has_them_too(loras: list[Lora]) -> None:
    whole = open_engine("mini", "cpu", "float32", "keep_loaded", engine="torch", loras=loras)
    staged = open_engine("mini", "cpu", "float32", "one_shot", engine="torch", loras=loras)
    assert staged.nats(PROMPT, CODES) == whole.nats(PROMPT, CODES)
    assert [one.to_dict()["weight"] for one in staged.adapters] == [0.8, -0.5]
