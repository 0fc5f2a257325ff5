"""The whole training of a tiny waveform codec."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from dac_recipe import TINY
from safetensors.torch import load_file

from khala.models.codec.dac.codec import Dac
from khala.models.codec.folder import load_codec
from khala.music.errors import InvalidRequest
from khala.training import log, loop
from khala.training.objectives.codec.train import train_codec
from khala.training.reconstruction import codebook_use, reconstruction
from khala.training.songs import find_songs, read_excerpt


@pytest.fixture(scope="module")
def run(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_codec(TINY, tones, tmp_path_factory.mktemp("dac") / "codec")


@pytest.fixture(scope="module")
def song(tones: Path) -> torch.Tensor:
    return read_excerpt(find_songs(tones)[1][0], 44100, 2 * 44100)


def test_training_beats_the_k_means_start_on_songs_it_never_heard(run: Path, song: torch.Tensor) -> None:
    for levels in (1, 4):
        before, after = (reconstruction(load_codec(folder), [song], levels) for folder in (run / "start", run))
        assert after["log_mel"] < 0.97 * before["log_mel"] and after["stft"] < before["stft"]


def test_codes_follow_the_song_level_by_level(run: Path, song: torch.Tensor) -> None:
    codec = load_codec(run)
    assert isinstance(codec, Dac) and codec.config == TINY.model
    codes, latent = codec.encode(song[None]), codec.encoder(song[None])
    errors = [(codec.quantizer.decode(codes[:, :levels]) - latent).norm() for levels in range(1, 5)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.7 * latent.norm()
    assert codebook_use(codes[0], 16)[1].min() > 4
    assert codec.decode(codes[:, :2]).shape == codec.decode(codes).shape


def test_the_log_tells_both_stages(run: Path) -> None:
    held_out = [line for line in log.read(run) if line["kind"] == "held-out"]
    assert [line["levels"] for line in held_out] == [2, 4]
    assert held_out[-1]["loss"].keys() == {"log_mel", "stft", "si_sdr", "used", "perplexity"}
    assert [line["levels"] for line in log.read(run / "autoencoder") if line["kind"] == "held-out"] == [0]


def test_a_run_that_was_stopped_in_either_stage_ends_as_one_that_was_not(
    run: Path, tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = loop._Training.take
    for place in ((tmp_path / "autoencoder", 20), (tmp_path, 10)):

        def stopping(self: loop._Training, batches: list, place: tuple[Path, int] = place) -> int:
            if (self.run, self.state.step) == place:
                self.checkpoints.save(self.state)
                self.checkpoints.finish()
                raise InterruptedError
            return take(self, batches)

        with monkeypatch.context() as patch, pytest.raises(InterruptedError):
            patch.setattr(loop._Training, "take", stopping)
            train_codec(TINY, tones, tmp_path)
    train_codec(TINY, tones, tmp_path)
    ours, theirs = load_file(tmp_path / "model.safetensors"), load_file(run / "model.safetensors")
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        assert torch.equal(weight, theirs[name]), name


def test_a_run_of_other_shapes_is_refused(run: Path, tones: Path) -> None:
    with pytest.raises(InvalidRequest, match="of other shapes than the recipe's; choose another --run"):
        train_codec(replace(TINY, model=replace(TINY.model, levels=2)), tones, run)


def test_fit_only_and_a_start_are_for_the_other_family(tones: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="--fit-only is for a spectral codec"):
        train_codec(TINY, tones, tmp_path, fit_only=True)
    with pytest.raises(InvalidRequest, match="--start is for the vocoder of a spectral codec"):
        train_codec(TINY, tones, tmp_path, start="mini")
