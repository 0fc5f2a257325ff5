from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import save_file

from khala.engine.onnx.graphs.builder import GraphBuilder
from khala.engine.onnx.session import BoundRun, open_session
from khala.music.errors import ModelError


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """y = x W, for x [N, 2]."""
    save_file({"w": np.array([[1, 2], [3, 4], [5, 6]], np.float16)}, tmp_path / "m.safetensors")
    builder = GraphBuilder(tmp_path / "m.safetensors")
    x = builder.input("x", ["N", 2])
    builder.output(builder.op("MatMul", x, builder.matrix("w")), "y", ["N", 3])
    builder.save(tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def test_a_bound_run_reads_and_writes_in_place(graph: Path) -> None:
    x, y = np.zeros((2, 2), np.float32), np.zeros((2, 3), np.float32)
    run = BoundRun(open_session(graph), {"x": x}, {"y": y})
    for value in (1.0, 2.0):
        x[:] = [[value, 0], [0, value]]
        run.run()
        assert y.tolist() == [[value, 3 * value, 5 * value], [2 * value, 4 * value, 6 * value]]


def test_arrays_with_gaps_are_refused(graph: Path) -> None:
    with pytest.raises(ValueError, match="x is not contiguous"):
        BoundRun(open_session(graph), {"x": np.zeros((2, 4), np.float32)[:, ::2]}, {})


def test_a_session_starts_no_threads(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = onnxruntime.InferenceSession

    def spy(path: Path, options: onnxruntime.SessionOptions, **given: object) -> onnxruntime.InferenceSession:
        opened.append((options.intra_op_num_threads, options.inter_op_num_threads))
        return real(path, options, **given)

    monkeypatch.setattr(onnxruntime, "InferenceSession", spy)
    open_session(graph)
    assert opened == [(1, 1)]


@pytest.mark.parametrize("content", [b"", b"no graph", None])
def test_a_broken_graph_is_an_error_of_one_line(graph: Path, content: bytes | None) -> None:
    graph.unlink() if content is None else graph.write_bytes(content)
    with pytest.raises(ModelError, match=r"is broken: m\.onnx: ") as raised:
        open_session(graph)
    assert "\n" not in str(raised.value)


def test_weights_that_are_missing_or_cut_are_an_error(graph: Path) -> None:
    weights = graph.with_name("m.safetensors")
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(ModelError, match=r"m\.onnx"):
        open_session(graph)
    weights.unlink()
    with pytest.raises(ModelError, match=r"m\.onnx"):
        open_session(graph)
