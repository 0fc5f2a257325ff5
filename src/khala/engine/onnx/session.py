"""Sessions of onnxruntime, and runs of them on memory that stays where it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from khala.weights.names import broken_file

ERRORS_ONLY = 3
"""onnxruntime's own log goes to stderr."""


def open_session(graph: Path) -> ort.InferenceSession:
    """Open a graph and the weights beside it, to run on the calling thread: `run` frees the GIL, so that pieces of work
    can be spread over threads of ours. Raises ModelError."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class in common
        reason = ValueError(str(error).splitlines()[0])
        raise broken_file(graph.parent, graph.name, reason) from None


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
