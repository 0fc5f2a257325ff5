"""Build an ONNX graph whose weights stay in a safetensors file: the graph names the file and the bytes.

Weights that are stored in 16 bits are cast to float32, and matrices transposed, by nodes of the graph; onnxruntime
computes those once, when it opens a session.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from khala.audio.replacing import replacing
from khala.weights.tensor_file import TensorFile

OPSET, IR_VERSION = 18, 9
MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's own operators."""
Shape = Sequence[int | str]
"""Sizes, and names of those that may vary."""
DTYPES: dict[str, tuple[int, int]] = {
    "F32": (TensorProto.FLOAT, 4),
    "F16": (TensorProto.FLOAT16, 2),
    "BF16": (TensorProto.BFLOAT16, 2),
}
"""Dtypes of safetensors: ONNX's, and bytes."""


class GraphBuilder:
    """A graph under construction with the weights of `weights`, a file of the folder that the graph will lie in.

    Values are known by names: methods take those of their operands and return that of their result.
    """

    def __init__(self, weights: Path) -> None:
        self.file = TensorFile(weights)
        self._nodes: list[NodeProto] = []
        self._initializers: dict[str, TensorProto] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._constants: dict[Any, str] = {}
        self._cast: dict[str, str] = {}

    def input(self, name: str, shape: Shape, dtype: int = TensorProto.FLOAT) -> str:
        """Declare an input."""
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, value: str, name: str, shape: Shape, dtype: int = TensorProto.FLOAT) -> None:
        """Declare an output."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Return a constant of the graph: a small one, as it is stored in the graph's file."""
        array = np.asarray(value, dtype)
        key = str(array.dtype), array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = name = f"constant_{len(self._constants)}"
            self._initializers[name] = numpy_helper.from_array(array, name)
        return self._constants[key]

    def weight(self, name: str, rows: range | None = None) -> str:
        """Return a tensor of the safetensors file in float32, or the consecutive `rows` of it. Raises KeyError."""
        stored = self.file.tensors[name]
        rows = range(stored.shape[0]) if rows is None else rows
        shape = (len(rows), *stored.shape[1:])
        dtype, itemsize = DTYPES[stored.dtype]
        row_bytes = itemsize * int(np.prod(stored.shape[1:], dtype=np.int64))
        label = name if shape == stored.shape else f"{name}[{rows.start}:{rows.stop}]"
        if label not in self._initializers:
            place = {"offset": stored.offset + rows.start * row_bytes, "length": len(rows) * row_bytes}
            self._initializers[label] = self._external(label, dtype, shape, place)
        if dtype == TensorProto.FLOAT:
            return label
        if label not in self._cast:
            self._cast[label] = self.op("Cast", label, to=TensorProto.FLOAT)
        return self._cast[label]

    def matrix(self, name: str, rows: range | None = None) -> str:
        """Return a stored [O, I] transposed, for products with rows [..., I]."""
        return self.op("Transpose", self.weight(name, rows), perm=[1, 0])

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Append a node with one output -> its value. An input "" is left out."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """Append a node with several outputs."""
        names = [f"{kind}_{len(self._nodes)}{f'.{n}' if n else ''}" for n in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        """Split a value along an axis into parts of such sizes."""
        return self.ops("Split", value, self.constant(sizes, np.int64), outputs=len(sizes), axis=axis)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Reshape a value; 0 keeps a size, -1 follows from the others."""
        return self.op("Reshape", value, self.constant(shape, np.int64))

    def linear(self, x: str, name: str) -> str:
        """Apply the stored linear layer `name`, with its bias if the file has one."""
        y = self.op("MatMul", x, self.matrix(f"{name}.weight"))
        return self.op("Add", y, self.weight(f"{name}.bias")) if f"{name}.bias" in self.file.tensors else y

    def rms_norm(self, x: str, weight: str, eps: float) -> str:
        """Normalise by the root mean square over the last axis, times `weight` [D]."""
        return self.op("SimplifiedLayerNormalization", x, weight, axis=-1, epsilon=eps)

    def layer_norm(self, x: str, name: str) -> str:
        """Apply the stored layer norm `name` over the last axis."""
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, weight, bias, axis=-1, epsilon=1e-5)

    def silu(self, x: str) -> str:
        """Compute x * sigmoid(x)."""
        return self.op("QuickGelu", x, domain=MICROSOFT, alpha=1.0)

    def model(self) -> ModelProto:
        """Return the finished model."""
        name, initializers = self.file.path.stem, list(self._initializers.values())
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, initializers)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="khala")

    def save(self, path: Path) -> None:
        """Write the model. Raises ValueError outside of the folder of its weights, OutputError."""
        if path.parent != self.file.path.parent:
            raise ValueError(f"a graph lies beside its weights: {self.file.path.parent}")
        with replacing(path) as part:
            part.write_bytes(self.model().SerializeToString(deterministic=True))

    def _external(self, name: str, dtype: int, shape: Sequence[int], place: dict[str, int]) -> TensorProto:
        tensor = TensorProto(name=name, data_type=dtype, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in {"location": self.file.path.name, **place}.items():
            tensor.external_data.add(key=key, value=str(value))
        return tensor
