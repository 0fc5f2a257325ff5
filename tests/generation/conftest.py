"""A tiny model with random weights, in a folder, and loaded."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from khala.conditioning.phone_sequence import CONDITION_ROWS
from khala.generation.pipeline import Pipeline
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.weights import LoadedModel, load_model, save_model
from khala.weights.loading import build_codec
from khala.weights.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = tiny()
    codec = build_codec(config.codec)
    for parameter in (*codec.parameters(), codec.codebooks, *codec.buffers()):
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    backbone, superres = Backbone(config.backbone), Superres(config.superres)
    save_model(folder, config, backbone, superres, codec, Tokenizer.of_bytes(), "# Tiny\n")
    return folder


@pytest.fixture(scope="session")
def loaded(folder: Path) -> LoadedModel:
    return load_model(folder)


@pytest.fixture(scope="session")
def led(loaded: LoadedModel) -> Pipeline:
    """A model that is shown an outline and knows guidance."""
    torch.manual_seed(3)
    backbone = replace(loaded.config.backbone, condition_rows=CONDITION_ROWS)
    superres = replace(loaded.config.superres, condition_rows=CONDITION_ROWS)
    prompt = replace(loaded.config.prompt, supports_guidance=True, lyrics="phones", superres_text="no_lyrics")
    return Pipeline(
        replace(
            loaded,
            config=replace(loaded.config, backbone=backbone, superres=superres, prompt=prompt),
            backbone=Backbone(backbone).bind_codebooks(loaded.codebooks).eval(),
            superres=Superres(superres).bind_codebooks(loaded.codebooks).eval(),
        )
    )
