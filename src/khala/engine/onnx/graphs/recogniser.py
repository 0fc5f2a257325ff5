"""The graph of the phone recogniser (`models.recogniser.network`).

Input: `features` [S, F] (`models.recogniser.features`). Outputs: `ctc` and `frames` [T, 1 + phones], log probabilities,
T = ceil(S / 2).
"""

from pathlib import Path

import numpy as np

from khala.engine.onnx.graphs.builder import GraphBuilder
from khala.engine.onnx.graphs.convnext import convnext_block
from khala.models.recogniser.features import DEVIATION_FLOOR, FRAME_SPECTRA, MEL_BANDS
from khala.weights.names import RECOGNISER, RECOGNISER_GRAPH


def write_recogniser_graph(folder: Path) -> None:
    """Write the graph of the recogniser in `folder` beside its weights. Raises OutputError."""
    recogniser_graph(folder / RECOGNISER).save(folder / RECOGNISER_GRAPH)


def recogniser_graph(weights: Path) -> GraphBuilder:
    """Build the graph beside its weights."""
    graph = GraphBuilder(weights)
    x_SF = _standardised(graph, graph.input("features", ["S", 2 * MEL_BANDS]))
    x_1FS = graph.op("Transpose", graph.op("Unsqueeze", x_SF, graph.constant([0], np.int64)), perm=[0, 2, 1])
    edge = graph.file.tensors["enter.weight"].shape[2] // 2
    enter = graph.weight("enter.weight"), graph.weight("enter.bias")
    x_1DT = graph.op("Conv", x_1FS, *enter, pads=[edge, edge], strides=[FRAME_SPECTRA])
    for number in range(sum(name.endswith(".scale") for name in graph.file.tensors)):
        x_1DT = convnext_block(graph, x_1DT, f"blocks.{number}")
    normed_1TD = graph.layer_norm(graph.op("Transpose", x_1DT, perm=[0, 2, 1]), "norm")
    hidden_TD = graph.op("Squeeze", normed_1TD, graph.constant([0], np.int64))
    frames_TC = graph.linear(hidden_TD, "frame_head")
    ctc_TC = graph.op("Add", graph.linear(hidden_TD, "ctc_head"), frames_TC)
    classes = graph.file.tensors["frame_head.bias"].shape[0]
    for value, name in ((ctc_TC, "ctc"), (frames_TC, "frames")):
        graph.output(graph.op("LogSoftmax", value, axis=-1), name, ["T", classes])
    return graph


def _standardised(graph: GraphBuilder, x_SF: str) -> str:
    """Subtract each band's mean over the song, and divide by its deviation."""
    axis = graph.constant([0], np.int64)
    centred_SF = graph.op("Sub", x_SF, graph.op("ReduceMean", x_SF, axis))
    deviation_1F = graph.op("Sqrt", graph.op("ReduceMean", graph.op("Mul", centred_SF, centred_SF), axis))
    return graph.op("Div", centred_SF, graph.op("Add", deviation_1F, graph.constant(DEVIATION_FLOOR)))
