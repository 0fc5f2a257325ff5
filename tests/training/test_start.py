"""Runs that begin with the weights of a model, whose codec may be another one."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from service import tiny_model

from khala.models.codec.families import build_codec
from khala.models.codec.folder import load_spectral, save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.transformer import Transformer
from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.training.objectives import backbone, superres
from khala.training.recipe import BackboneRecipe, Recipe, SuperresRecipe
from khala.training.recode import recode
from khala.weights import load_model

RECIPE = Recipe("tiny", backbone=BackboneRecipe(steps=1), superres=SuperresRecipe(steps=1))
PARTS = ("backbone", "superres")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another codec of the same shapes."""
    torch.manual_seed(7)
    made = build_codec(tiny().codec)
    for buffer in (made.codebooks, *made.buffers()):
        torch.nn.init.normal_(buffer, std=0.3)
    save_codec(made, folder := tmp_path_factory.mktemp("codec"))
    return folder


def coded_by(codec: SpectralCodec, tokens: Path, folder: Path) -> Path:
    shutil.copytree(tokens, folder)
    save_file({"codebooks": codec.codebooks.contiguous()}, folder / "codebooks.safetensors")
    return folder


def prepared(part: str, tokens: Path, model: Path, codec: Path | None) -> Transformer:
    if part == "backbone":
        return backbone.prepare(RECIPE, tokens, str(model), codec=codec).model
    return superres.prepare(RECIPE, tokens, None, str(model), codec=codec).model


@pytest.mark.parametrize("part", PARTS)
def test_with_the_same_codes_the_weights_are_those_of_the_model(
    part: str, model: Path, tokens: Path, tmp_path: Path
) -> None:
    known = load_model(model)
    begun = prepared(part, coded_by(known.codec, tokens, tmp_path / "tokens"), model, None).state_dict()
    assert all(torch.equal(begun[name], weight) for name, weight in getattr(known, part).state_dict().items())


@pytest.mark.parametrize("part", PARTS)
def test_with_other_codes_they_are_changed_to_these(
    part: str, model: Path, codec: Path, tokens: Path, tmp_path: Path
) -> None:
    known, ours = load_model(model), load_spectral(codec)
    begun = prepared(part, coded_by(ours, tokens, tmp_path / "tokens"), model, codec)
    expected = getattr(known, part)
    recode(expected, ours, known.codec)
    for name, weight in expected.state_dict().items():
        assert torch.equal(begun.state_dict()[name], weight), name


def test_codes_that_nothing_is_known_of_are_refused(model: Path, codec: Path, tokens: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has other codes than the run; tokenize the songs with its codec: --codec"):
        prepared("backbone", tokens, model, None)
    with pytest.raises(ModelError, match=r"the tokens have other codes than the codec in .*; tokenize the songs again"):
        prepared("backbone", tokens, model, codec)
