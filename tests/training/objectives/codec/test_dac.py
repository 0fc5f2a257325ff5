"""A tiny waveform codec: what its stages learn from, and what they leave."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from dac_recipe import TINY

from khala.models.codec.dac.codec import Dac
from khala.music.errors import InvalidRequest
from khala.training.losses import Losses
from khala.training.objectives.codec.dac import AutoencoderObjective, QuantizedObjective
from khala.training.objectives.codec.train_dac import fit_codebooks, initialised
from khala.training.ranks import Ranks
from khala.training.songs import find_songs


@pytest.fixture
def objective(tones: Path) -> QuantizedObjective:
    torch.manual_seed(0)
    codec = initialised(Dac(TINY.model))
    fit_codebooks(codec, find_songs(tones)[0], TINY.quantized, 1)
    return QuantizedObjective(codec, tones, TINY)


def test_everything_learns(objective: QuantizedObjective) -> None:
    weights = {id(weight) for one in objective.optimizers() for group in one.param_groups for weight in group["params"]}
    assert weights == {id(weight) for weight in objective.model.parameters()}
    batch, losses, before = objective.micro_batch(0), Losses(), objective.codec.codebooks.clone()
    objective.loss(batch, losses).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in objective.model.parameters())
    assert set(losses.mean()) == {"mel", "wave", "commitment", "fool", "match", "judge"}
    assert torch.equal(objective.codec.codebooks, before), "a step has the same codes for all its micro-batches"
    objective.after_step([batch], Ranks())
    assert not torch.equal(objective.codec.codebooks, before)


def test_half_of_the_excerpts_are_coded_with_fewer_levels(objective: QuantizedObjective) -> None:
    levels = torch.cat([objective.micro_batch(number).levels_B for number in range(60)])
    assert set(levels.tolist()) == {1, 2, 3, 4}
    share = 0.5 + 0.5 / 4
    assert (levels == 4).float().mean() == pytest.approx(share, abs=0.12)


def test_a_resampled_song_is_read_at_the_codecs_rate(tones: Path) -> None:
    config = replace(TINY.model, sample_rate=22050)
    objective = AutoencoderObjective(Dac(config), tones, replace(TINY, model=config), TINY.autoencoder)
    assert objective.tests[0].shape == (2, 2 * 22050)
    assert objective.micro_batch(0).samples_BCN.shape == (2, 2, 16 * 256)


@pytest.mark.parametrize(
    ("samples", "channels", "complaint"),
    [
        (50_000, 1, r"song-1.flac has 1 channel, the codec 2; let khala corpus ingest"),
        (1000, 2, r"lasts 0.02 s, an exc"),
    ],
)
def test_songs_that_do_not_fit_are_named(tmp_path: Path, samples: int, channels: int, complaint: str) -> None:
    for number in range(2):
        soundfile.write(tmp_path / f"song-{number}.flac", np.zeros((samples, channels if number else 2)), 44100)
        (tmp_path / f"song-{number}.json").write_text("{}")
    if channels == 2:
        soundfile.write(tmp_path / "song-0.flac", np.zeros((50_000, 2)), 44100)
    with pytest.raises(InvalidRequest, match=complaint) as found:
        AutoencoderObjective(Dac(TINY.model), tmp_path, TINY, TINY.autoencoder)
    assert "\n" not in str(found.value)


def test_samples_can_be_heard(objective: QuantizedObjective, tmp_path: Path) -> None:
    objective.sample({}, tmp_path)
    samples, rate = soundfile.read(tmp_path / "song-1.wav")
    assert rate == 44100 and len(samples) == 2 * 44100 // 256 * 256
