"""Tiny models with random weights."""

from dataclasses import replace

import pytest
import torch
from tiny import folder, loaded

from khala.conditioning.rows import CONDITION_ROWS
from khala.engine.pytorch.engine import TorchEngine
from khala.generation.pipeline import Pipeline
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.weights import LoadedModel

__all__ = ["folder", "loaded"]


@pytest.fixture(scope="session")
def led(loaded: LoadedModel) -> Pipeline:
    """A model that is shown an outline and knows guidance."""
    torch.manual_seed(3)
    backbone = replace(loaded.config.backbone, condition_rows=CONDITION_ROWS)
    superres = replace(loaded.config.superres, condition_rows=CONDITION_ROWS)
    prompt = replace(loaded.config.prompt, supports_guidance=True, lyrics="phones", superres_text="no_lyrics")
    model = replace(
        loaded,
        config=replace(loaded.config, backbone=backbone, superres=superres, prompt=prompt),
        backbone=Backbone(backbone).bind_codebooks(loaded.codebooks).eval(),
        superres=Superres(superres).bind_codebooks(loaded.codebooks).eval(),
    )
    return Pipeline(TorchEngine(model))
