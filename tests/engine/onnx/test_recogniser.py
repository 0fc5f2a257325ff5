import math
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from khala.engine.onnx.graphs.recogniser import write_recogniser_graph
from khala.engine.onnx.recogniser import RecogniserSession
from khala.models.recogniser.features import features
from khala.models.recogniser.network import Recogniser
from khala.music.errors import ModelError
from khala.weights.names import RECOGNISER, RECOGNISER_GRAPH
from khala.weights.tensors import load_module, save_module

SHIPPED = Path(str(files("khala"))) / "data" / "listeners"


@pytest.fixture
def random(tmp_path: Path) -> Path:
    """The folder of a recogniser with random weights."""
    torch.manual_seed(4)
    model = Recogniser()
    for name, weight in model.named_parameters():
        torch.nn.init.normal_(weight, 1.0 if name.endswith("norm.weight") else 0.0, 0.1)
    save_module(tmp_path / RECOGNISER, model, torch.float16)
    write_recogniser_graph(tmp_path)
    return tmp_path


def song(length: int) -> np.ndarray:
    """Noise that comes and goes, on one side more than on the other."""
    level = np.sin(np.arange(length) / 5000) * np.array([[0.3], [0.1]])
    return (np.random.default_rng(0).standard_normal((2, length)) * level).astype(np.float32)


@pytest.mark.parametrize("name", ["random", "shipped"])
@pytest.mark.parametrize("length", [600_000, 30_000, 300])
def test_log_probabilities_are_those_of_torch(name: str, length: int, request: pytest.FixtureRequest) -> None:
    folder = SHIPPED if name == "shipped" else request.getfixturevalue(name)
    samples, model = song(length), Recogniser().eval()
    load_module(folder / RECOGNISER, model)
    with torch.inference_mode():
        wanted = [head_BTC[0].numpy() for head_BTC in model(torch.from_numpy(features(samples))[None])]
    found = RecogniserSession(folder).listen(samples)
    assert len(found[0]) == math.ceil((length // 512 + 1) / 2)
    for head_TC, wanted_TC in zip(found, wanted, strict=True):
        np.testing.assert_allclose(head_TC, wanted_TC, rtol=0, atol=1e-4)
    assert not np.allclose(*found), "the heads differ"


def test_the_graph_holds_no_weights(random: Path) -> None:
    stored = onnx.load(random / RECOGNISER_GRAPH, load_external_data=False)
    assert sum(tensor.ByteSize() for tensor in stored.graph.initializer if not tensor.external_data) < 1000


def test_a_damaged_recogniser_is_one_line(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / RECOGNISER_GRAPH, tmp_path)
    (tmp_path / RECOGNISER).write_bytes(b"short")
    with pytest.raises(ModelError, match=r"recogniser\.onnx"):
        RecogniserSession(tmp_path)
