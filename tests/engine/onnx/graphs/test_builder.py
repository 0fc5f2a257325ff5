from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import save_file

from khala.engine.onnx.graphs.builder import GraphBuilder
from khala.engine.onnx.session import open_session

W = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float16)
BIAS = np.arange(40, dtype=np.float16)


@pytest.fixture
def builder(tmp_path: Path) -> GraphBuilder:
    save_file({"m.weight": W, "m.bias": BIAS, "n.weight": W}, tmp_path / "m.safetensors")
    return GraphBuilder(tmp_path / "m.safetensors")


def run(builder: GraphBuilder, value: str, **inputs: np.ndarray) -> np.ndarray:
    builder.output(value, "y", None)  # type: ignore[arg-type]
    path = builder.file.path.with_suffix(".onnx")
    builder.save(path)
    (found,) = open_session(path).run(["y"], inputs)
    return found


def test_a_layer_has_a_bias_if_the_file_has_one(builder: GraphBuilder) -> None:
    x = builder.input("x", ["N", 6])
    both = builder.op("Concat", builder.linear(x, "m"), builder.linear(x, "n"), axis=0)
    rows = np.eye(6, dtype=np.float32)
    w = W.astype(np.float32).T
    assert np.array_equal(run(builder, both, x=rows), np.concatenate([w + BIAS, w]))


def test_rows_of_a_weight(builder: GraphBuilder) -> None:
    one, other = builder.weight("m.weight", range(3, 5)), builder.weight("m.weight", range(39, 40))
    assert np.array_equal(run(builder, builder.op("Concat", one, other, axis=0)), W[[3, 4, 39]].astype(np.float32))


def test_constants_are_stored_once_and_kept_apart(builder: GraphBuilder) -> None:
    assert builder.constant([1, 2], np.int64) == builder.constant([1, 2], np.int64)
    names = {builder.constant([1, 2], np.int64), builder.constant([1, 2]), builder.constant([[1, 2]])}
    assert len(names) == 3


def test_norm_and_silu(builder: GraphBuilder) -> None:
    x = builder.input("x", ["N", 6])
    found = run(builder, builder.silu(builder.rms_norm(x, builder.constant([2.0] * 6), 1e-6)), x=W.astype(np.float32))
    normed = 2 * W.astype(np.float64) / np.sqrt(np.square(W.astype(np.float64)).mean(-1, keepdims=True) + 1e-6)
    assert np.abs(found - normed / (1 + np.exp(-normed))).max() < 1e-5


def test_a_graph_holds_no_weights_and_lies_beside_them(builder: GraphBuilder, tmp_path: Path) -> None:
    run(builder, builder.matrix("m.weight"))
    model = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    (stored,) = model.graph.initializer
    assert not stored.raw_data and {entry.key: entry.value for entry in stored.external_data} == {
        "location": "m.safetensors",
        "offset": str(builder.file.tensors["m.weight"].offset),
        "length": str(W.nbytes),
    }
    with pytest.raises(ValueError, match="a graph lies beside its weights"):
        builder.save(tmp_path.parent / "m.onnx")


def test_the_same_graph_is_the_same_file(builder: GraphBuilder, tmp_path: Path) -> None:
    run(builder, builder.linear(builder.input("x", ["N", 6]), "m"), x=W.astype(np.float32))
    again = GraphBuilder(tmp_path / "m.safetensors")
    again.output(again.linear(again.input("x", ["N", 6]), "m"), "y", None)  # type: ignore[arg-type]
    again.save(tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()
