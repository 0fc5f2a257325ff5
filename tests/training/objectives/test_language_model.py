"""What backbone and super-resolution share: epoch after epoch, from wherever a run was."""

from itertools import islice
from pathlib import Path

import pytest
import torch

from khala.models.lm.backbone import Backbone
from khala.models.presets import official, tiny
from khala.music.errors import InvalidRequest
from khala.training.checkpoint import State
from khala.training.objectives.backbone import BackboneObjective
from khala.training.objectives.language_model import codebooks_for
from khala.training.recipe import BackboneRecipe
from khala.weights.tokenizer import Tokenizer


@pytest.fixture
def objective(tokens: Path) -> BackboneObjective:
    torch.manual_seed(0)
    model = Backbone(tiny().backbone)
    return BackboneObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, BackboneRecipe())


def test_steps_go_on_from_where_they_were_epoch_after_epoch(objective: BackboneObjective) -> None:
    objective.epoch = lambda number: [[f"{number}.{step}"] for step in range(3)]
    steps = list(islice(objective.steps(State(epoch=4, batch=1)), 6))
    assert [step.specs for step in steps] == [["4.1"], ["4.2"], ["5.0"], ["5.1"], ["5.2"], ["6.0"]]
    assert [(step.epoch, step.batch) for step in steps[1:3]] == [(4, 2), (5, 0)]


def test_tokens_of_another_codec_are_refused(tokens: Path) -> None:
    assert codebooks_for(tiny(), tokens).shape == (8, 16, 16)
    with pytest.raises(InvalidRequest, match=r"8 x 16 x 16.*dac codec of the preset 'official' 64 x 1024 x 128"):
        codebooks_for(official(), tokens)


def test_nothing_to_train_on_is_an_error(objective: BackboneObjective) -> None:
    objective.corpus.train = []
    with pytest.raises(InvalidRequest, match="no song outside"):
        next(objective.steps(State()))
