"""Sessions of onnxruntime, and runs of them on memory that stays where it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from khala.weights.names import broken_file

ERRORS_ONLY = 3
"""onnxruntime's own log goes to stderr."""
BFLOAT16 = 16
"""ONNX's number for that format."""


def open_session(graph: Path, changed: Mapping[str, NDArray[Any]] | None = None) -> ort.InferenceSession:
    """Open a graph and the weights beside it, to run on the calling thread: `run` frees the GIL, so that pieces of work
    can be spread over threads of ours. Tensors that are `changed` stand in place of those in the file, in its format.
    Raises ModelError."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    if changed:  # the session keeps what it computes of matrices (`graphs.builder`), and not these
        options.add_external_initializers(list(changed), [_value(tensor) for tensor in changed.values()])
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class in common
        reason = ValueError(str(error).splitlines()[0])
        raise broken_file(graph.parent, graph.name, reason) from None


def _value(tensor: NDArray[Any]) -> ort.OrtValue:
    """Return a tensor for a graph; numpy has no bfloat16 and holds its bits."""
    if tensor.dtype == np.uint16:
        return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(tensor, BFLOAT16)
    return ort.OrtValue.ortvalue_from_numpy(tensor)


class BoundRun:
    """A run of a session whose inputs and outputs are these arrays, by name, in place: it copies and allocates nothing.

    An array may be several of them: onnxruntime extends a KV cache in place where past and present are the same.
    Arrays must be contiguous (ValueError), and must fit the graph; `run` reads and writes what they hold by then.
    """

    def __init__(
        self, session: ort.InferenceSession, inputs: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[Any]]
    ) -> None:
        self._session, self._binding = session, session.io_binding()
        self._arrays = list(inputs.values()), list(outputs.values())  # onnxruntime does not keep them
        for arrays, bind in ((inputs, self._binding.bind_input), (outputs, self._binding.bind_output)):
            for name, array in arrays.items():
                if not array.flags.c_contiguous:
                    raise ValueError(f"{name} is not contiguous")
                bind(name, "cpu", 0, array.dtype, list(array.shape), array.ctypes.data)

    def run(self) -> None:
        """Compute the outputs."""
        self._session.run_with_iobinding(self._binding)
