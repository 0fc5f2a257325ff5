"""A tiny model with random weights, in a folder, and loaded: fixtures."""

from pathlib import Path

import pytest
import torch

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
