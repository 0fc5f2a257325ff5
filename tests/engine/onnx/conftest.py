"""Tiny backbones with random weights: as torch computes them, and as the engine does from a folder."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from khala.conditioning.rows import CONDITION_ROWS
from khala.engine.onnx.backbone import BackboneSession
from khala.engine.onnx.graphs.backbone import backbone_graph
from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.weights.loading import build_codec
from khala.weights.names import BACKBONE, BACKBONE_GRAPH, CODEC
from khala.weights.tensors import load_module, save_module

Pair = tuple[Backbone, BackboneSession]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pair]:
    """Write a model of a configuration that differs by what is given, stored in a dtype, and open it twice."""

    def made(dtype: torch.dtype = torch.float16, **changes: Any) -> Pair:
        torch.manual_seed(5)
        folder = tmp_path_factory.mktemp("model")
        config = replace(tiny().backbone, **{"head_dim": 16, **changes})
        codec = build_codec(tiny().codec)
        torch.nn.init.normal_(codec.codebooks)
        model = Backbone(config)
        for parameter in model.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.15)
            else:
                torch.nn.init.uniform_(parameter, 0.5, 1.5)
        save_module(folder / BACKBONE, model, dtype)
        save_module(folder / CODEC, codec, dtype)
        load_module(folder / BACKBONE, model)
        load_module(folder / CODEC, codec)
        model.bind_codebooks(codec.codebooks).eval().requires_grad_(False)
        backbone_graph(folder / BACKBONE, config).save(folder / BACKBONE_GRAPH)
        return model, BackboneSession(folder, config)

    return made


@pytest.fixture(scope="session")
def conditioned(make: Callable[..., Pair]) -> Pair:
    """A model with conditions."""
    return make(condition_rows=CONDITION_ROWS)
