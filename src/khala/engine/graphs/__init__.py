"""The models' graphs as ONNX files that hold no weights: these stay in the safetensors files beside them.

Writing graphs needs the package `onnx`; running them does not.
"""

from pathlib import Path

from khala.engine.backbone import BACKBONE_GRAPH
from khala.engine.graphs.backbone import HEAD_MULTIPLE, backbone_graph
from khala.weights.names import BACKBONE, read_config


def write_graphs(folder: Path) -> None:
    """Write the graphs of the model in `folder` beside its weights, but of no part that onnxruntime cannot compute.

    Raises ModelError, OutputError.
    """
    config = read_config(folder)
    if config.backbone.head_dim % HEAD_MULTIPLE == 0:
        backbone_graph(folder / BACKBONE, config.backbone).save(folder / BACKBONE_GRAPH)
