"""A tiny model with random weights, in a folder."""

from pathlib import Path

import pytest
import torch
from torch import nn

from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.weights import save_model
from khala.weights.loading import build_codec
from khala.weights.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def modules() -> tuple[nn.Module, nn.Module, nn.Module]:
    torch.manual_seed(0)
    codec = build_codec(tiny().codec)
    codec.codebooks.normal_()
    return Backbone(tiny().backbone), Superres(tiny().superres), codec


@pytest.fixture
def folder(tmp_path: Path, modules: tuple[nn.Module, nn.Module, nn.Module]) -> Path:
    save_model(tmp_path / "model", tiny(), *modules, Tokenizer.of_bytes(), "# Tiny\n")
    return tmp_path / "model"
