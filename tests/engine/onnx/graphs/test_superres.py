from dataclasses import replace
from pathlib import Path

import pytest
import torch

from khala.engine.onnx.graphs.superres import superres_graph
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.weights.names import SUPERRES
from khala.weights.tensors import save_module


def test_a_model_with_a_row_for_each_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="codebook"):
        superres_graph(tmp_path / SUPERRES, replace(tiny().superres, codebook_dim=None))


def test_the_graph_takes_codebooks_and_conditions_from_whoever_runs_it(tmp_path: Path) -> None:
    save_module(tmp_path / SUPERRES, Superres(tiny().superres), torch.float16)
    graph = superres_graph(tmp_path / SUPERRES, tiny().superres).model().graph
    assert {value.name for value in graph.output} == {"logits", "nearest", "target"}
    weights = {value.name for value in graph.initializer if value.external_data}
    assert not weights & {"codebooks.bias", "codebooks.gain", "embedding.weight", "head.weight"}
    assert {"codebooks.inward.weight", "codebooks.outward.weight", "blocks.1.mlp.down.weight"} <= weights
