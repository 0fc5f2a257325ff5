"""The vocoder's last stage, against a discriminator."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from khala.models.codec.folder import load_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.training import log
from khala.training.codec_recipe import AdversaryRecipe, CodecRecipe
from khala.training.losses import Losses
from khala.training.objectives.codec.adversary import AdversaryObjective
from khala.training.objectives.codec.train import train_codec

SHORT = AdversaryRecipe(steps=2, batch=2, frames=8, log_steps=1, eval_minutes=60, test_songs=1, test_seconds=1, width=4)


def test_the_stage_goes_on_from_the_vocoder_and_leaves_a_codec(
    tones: Path, tmp_path: Path, codec_recipe: CodecRecipe
) -> None:
    train_codec(codec_recipe, tones, tmp_path)
    before = load_codec(tmp_path)
    train_codec(replace(codec_recipe, adversary=SHORT), tones, tmp_path)
    after = load_codec(tmp_path)
    trained = [line for line in log.read(tmp_path / "adversary") if line["kind"] == "train"]
    assert [set(line["loss"]) >= {"fool", "match", "judge", "mid"} for line in trained] == [True, True]
    assert torch.equal(before.codebooks, after.codebooks)
    assert not torch.equal(before.vocoder.head.weight, after.vocoder.head.weight)
    distance = (before.vocoder.head.weight - after.vocoder.head.weight).abs().mean()
    assert distance < 0.1 * before.vocoder.head.weight.abs().mean()


def test_both_learn(fitted: tuple[SpectralCodec, Path], tones: Path, tmp_path: Path, codec_recipe: CodecRecipe) -> None:
    objective = AdversaryObjective(deepcopy(fitted[0]), tones, codec_recipe, SHORT, tmp_path)
    weights = {id(weight) for group in objective.optimizers() for g in group.param_groups for weight in g["params"]}
    assert weights == {id(weight) for weight in objective.model.parameters()}
    objective.loss(objective.micro_batch(0), Losses()).backward()
    for part in objective.model.values():  # type: ignore[operator, union-attr]
        assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in part.parameters())


@pytest.mark.parametrize("wrong", [{"width": 0}, {"judge_rate": 0.0}, {"fool_weight": -1.0}])
def test_a_recipe_says_what_is_wrong(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(SHORT, **wrong)  # type: ignore[arg-type]
