"""The fit of a codec to a few seconds of tones: what the levels are worth, and where a killed fit goes on."""

from pathlib import Path

import pytest
import torch

from khala.models.codec.spectral.codec import SpectralCodec
from khala.training.codec_recipe import CodecRecipe
from khala.training.log import Log, read
from khala.training.objectives.codec.fit import fit_codec, weights


def test_weights_follow_the_recipe(codec_recipe: CodecRecipe) -> None:
    codec = SpectralCodec(codec_recipe.model)
    weight = weights(codec_recipe.fit, codec.analysis)
    mid, side, balance, low = codec.analysis.split(weight[None, None])
    assert weight.shape == (sum(codec.analysis.widths),)
    voice = torch.where((mid - side / codec_recipe.fit.side).abs() > 1e-6, codec_recipe.fit.voice_band, 1.0)
    assert torch.allclose(voice * side, codec_recipe.fit.side * mid) and 0.3 < (voice > 1).float().mean() < 0.9
    assert (balance == codec_recipe.fit.balance).all() and (low == codec_recipe.fit.low).all()
    assert mid[0, 0, 8] == pytest.approx(codec_recipe.fit.voice_band) and mid[0, 0, -1] == pytest.approx(
        codec_recipe.fit.high_band, abs=0.05
    )


def test_the_fit_learns_more_with_every_level(fitted: tuple[SpectralCodec, Path]) -> None:
    codec, out = fitted
    lines = read(out)
    left = [line["loss"]["held_out"] for line in lines if line["kind"] == "fit"]
    assert len(left) == 6 and left == sorted(left, reverse=True) and left[-1] < 0.5
    errors = [line["loss"]["log_mel"] for line in lines if line["kind"] == "features"]
    assert errors == sorted(errors, reverse=True)
    assert (codec.codebooks == codec.codebooks.half().float()).all()


def test_projection_is_the_principal_plane_of_the_weighted_features(
    fitted: tuple[SpectralCodec, Path], codec_recipe: CodecRecipe
) -> None:
    codec, _ = fitted
    identity = codec.unproject @ codec.project
    assert torch.allclose(identity, torch.eye(codec_recipe.model.dim), atol=5e-3)


def test_a_killed_fit_goes_on_to_the_same_codec(
    tones: Path,
    fitted: tuple[SpectralCodec, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    codec_recipe: CodecRecipe,
) -> None:
    class Killed(Exception):
        pass

    def killed(log: Log, step: int, *rest: object) -> None:
        if step == 4:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Log, "write", killed)
        fit_codec(tones, codec_recipe, tmp_path)
    again = fit_codec(tones, codec_recipe, tmp_path)
    assert [line["step"] for line in read(tmp_path) if line["kind"] == "fit"] == [5, 6]
    assert torch.equal(again.codebooks, fitted[0].codebooks) and torch.equal(again.project, fitted[0].project)
