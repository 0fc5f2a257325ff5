from pathlib import Path

import torch

from khala.engine.onnx.graphs.vocoder import mel_graph, vocoder_graph
from khala.models.presets import tiny
from khala.weights.loading import build_codec
from khala.weights.names import CODEC
from khala.weights.tensors import save_module


def test_graphs_hold_no_weights_and_no_filters(tmp_path: Path) -> None:
    config = tiny().codec
    save_module(tmp_path / CODEC, build_codec(config), torch.float16)
    for make in (vocoder_graph, mel_graph):
        model = make(tmp_path / CODEC, config).model()
        assert {"mel", "spread"} <= {value.name for value in model.graph.input}
        assert model.ByteSize() < 20_000
