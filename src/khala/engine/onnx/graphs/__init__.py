"""The models' graphs as ONNX files that hold no weights: these stay in the safetensors files beside them.

Writing graphs needs the package `onnx`; running them does not.
"""

from pathlib import Path

from khala.engine.onnx.graphs.backbone import HEAD_MULTIPLE, backbone_graph
from khala.engine.onnx.graphs.superres import superres_graph
from khala.engine.onnx.graphs.vocoder import mel_graph, vocoder_graph
from khala.models.codec.config import SpectralConfig
from khala.weights.names import (
    BACKBONE,
    BACKBONE_GRAPH,
    CODEC,
    CODEC_GRAPH,
    MEL_GRAPH,
    SUPERRES,
    SUPERRES_GRAPH,
    read_config,
)


def write_graphs(folder: Path) -> None:
    """Write the graphs of the model in `folder` beside its weights, but of no part that onnxruntime cannot compute.

    Raises ModelError, OutputError.
    """
    config = read_config(folder)
    if config.backbone.head_dim % HEAD_MULTIPLE == 0:
        backbone_graph(folder / BACKBONE, config.backbone).save(folder / BACKBONE_GRAPH)
    if config.superres.codebook_dim is not None:
        superres_graph(folder / SUPERRES, config.superres).save(folder / SUPERRES_GRAPH)
    if isinstance(config.codec, SpectralConfig):
        vocoder_graph(folder / CODEC, config.codec).save(folder / CODEC_GRAPH)
        mel_graph(folder / CODEC, config.codec).save(folder / MEL_GRAPH)
