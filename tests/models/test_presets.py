from dataclasses import replace

import pytest
import torch

from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.lm.windows import SONG_WINDOWS
from khala.models.presets import PRESETS, mini, official, tiny


def parameters(config: ModelConfig) -> tuple[int, int]:
    with torch.device("meta"):
        models = Backbone(config.backbone), Superres(config.superres)
    return tuple(sum(parameter.numel() for parameter in model.parameters()) for model in models)


def test_official_has_the_published_size() -> None:
    backbone, superres = parameters(official())
    assert backbone / 1e9 == pytest.approx(1.62, abs=0.01)
    assert superres / 1e9 == pytest.approx(1.88, abs=0.01)
    assert official().layout.superres_vocab == 193792
    assert official().backbone.layout.backbone_vocab == 130304


def test_mini_fits_in_a_package_and_holds_a_minute_at_a_time() -> None:
    config = mini()
    backbone, superres = parameters(config)
    assert (backbone + superres) * 2 < 50e6  # bytes at half precision; the codec takes 30 MB more
    assert config.max_seconds == 240
    frames = round(59 * config.frame_rate)
    assert config.prompt.backbone_limit + 2 * frames <= config.backbone.context
    assert config.prompt.superres_limit + SONG_WINDOWS.frames <= config.superres.context


def test_presets_are_named_after_themselves_and_complete() -> None:
    for name, preset in PRESETS.items():
        config = preset()
        assert config.name == name
        assert config.superres.levels == config.codec.levels


def test_parts_that_do_not_fit_are_refused() -> None:
    config = tiny()
    with pytest.raises(ValueError, match="share codebook and text vocabulary"):
        replace(config, superres=replace(config.superres, text_vocab=1024))
    with pytest.raises(ValueError, match="a backbone writes 2 levels"):
        replace(config, backbone=config.superres)
    with pytest.raises(ValueError, match="codebook_dim 8 is not the codec's width 16"):
        replace(config, backbone=replace(config.backbone, codebook_dim=8))
    with pytest.raises(ValueError, match="window_frames is for a backbone that takes conditions"):
        replace(config, window_frames=200)
    for part in (config.backbone, replace(config.superres, codebook_dim=None)):
        with pytest.raises(ValueError, match="only a super-resolution model with codebook_dim predicts the residual"):
            replace(part, residual=True)
    with pytest.raises(ValueError, match="a window of 1500 frames exceed the backbone's context"):
        replace(mini(), window_frames=1500)
