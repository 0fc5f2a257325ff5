"""The vocoder's objective: what it reads, its errors, and its steps."""

import math
from collections import Counter
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from steps import DECAY, FACTORS, WARMUP, Step, norm

from khala.models.codec.folder import load_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.phase import expected_advance
from khala.models.codec.spectral.vocoder import Spectra
from khala.music.errors import KhalaError
from khala.training import loop, songs
from khala.training.codec_recipe import CodecRecipe
from khala.training.log import read
from khala.training.losses import Losses
from khala.training.objectives import vocoder
from khala.training.objectives.vocoder import VocoderObjective, spectral_losses
from khala.training.songs import find_songs, read_excerpt

Fitted = tuple[SpectralCodec, Path]


@pytest.fixture
def codec(fitted: Fitted) -> SpectralCodec:
    return deepcopy(fitted[0])


def objective(codec: SpectralCodec, tones: Path, recipe: CodecRecipe, **settings: Any) -> VocoderObjective:
    return VocoderObjective(codec, tones, replace(recipe, vocoder=replace(recipe.vocoder, **settings)))


def test_batches_depend_on_seed_and_step_alone(tones: Path, codec_recipe: CodecRecipe) -> None:
    codec = SpectralCodec(codec_recipe.model)
    made, same = (objective(codec, tones, codec_recipe) for _ in range(2))
    assert made.samples(3).shape == (2, 2, 8 * 2048)
    assert torch.equal(made.samples(3), same.samples(3)) and not torch.equal(made.samples(3), made.samples(4))
    other = VocoderObjective(codec, tones, replace(codec_recipe, seed=2))
    assert not torch.equal(made.samples(3), other.samples(3))


def test_held_out_songs_are_measured_and_never_read_in_training(
    codec: SpectralCodec, tones: Path, codec_recipe: CodecRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    for module in (vocoder, songs):
        monkeypatch.setattr(module, "read_excerpt", lambda path, *part: read.append(path) or read_excerpt(path, *part))
    made = objective(codec, tones, codec_recipe, batch=8)
    learned, held_out = find_songs(tones)
    assert read == held_out[:1]
    read.clear()
    made.samples(0)
    assert set(read) == set(learned)


def test_a_perfect_guess_has_no_loss(codec: SpectralCodec, tones: Path, codec_recipe: CodecRecipe) -> None:
    batch = objective(codec, tones, codec_recipe).micro_batch(0)
    mid, side = batch.mid_BSK, batch.side_BSK
    advance, slope = torch.ones_like(mid), torch.ones_like(mid)
    advance[:, 1:] = torch.sgn(mid[:, 1:] * mid[:, :-1].conj()) * expected_advance(mid.shape[2]).conj()
    slope[..., 1:] = -torch.sgn(mid[..., 1:] * mid[..., :-1].conj())
    log_mid, log_side = (torch.log(x.abs() + codec_recipe.model.floor) for x in (mid, side))
    perfect = Spectra(log_mid, log_side, advance, slope, torch.sgn(side * mid.conj()))
    for name, value in spectral_losses(codec, perfect, mid, side).items():
        assert value < 1e-3, name


def test_it_reads_what_any_number_of_levels_gives_back(
    codec: SpectralCodec, tones: Path, codec_recipe: CodecRecipe
) -> None:
    made = objective(codec, tones, codec_recipe, batch=8, frames=4)
    samples = made.samples(0)
    made.samples = lambda number: samples
    features = codec.analysis(samples)
    latent = codec.to_latent(features).transpose(1, 2)
    known = [features]
    for levels in range(1, codec.levels + 1):
        coded = codec.quantizer.decode(codec.quantizer.encode(latent, levels))
        known.append(codec.to_features(coded.transpose(1, 2)))
    found = Counter()
    for item, excerpt in (
        (item, its) for step in range(40) for item, its in enumerate(made.micro_batch(step).features_BTF)
    ):
        (levels,) = (number for number, one in enumerate(known) if torch.allclose(one[item], excerpt, atol=1e-4))
        found[levels] += 1
    assert found[0] / found.total() == pytest.approx(0.25, abs=0.05), "not coded"
    for levels in range(1, codec.levels + 1):
        share = math.log((levels + 1) / levels) / math.log(codec.levels + 1)
        assert found[levels] / found.total() == pytest.approx(0.75 * share, abs=0.05)


def test_steps_follow_the_recipe(
    codec: SpectralCodec, tones: Path, tmp_path: Path, steps: list[Step], codec_recipe: CodecRecipe
) -> None:
    made = objective(codec, tones, codec_recipe, steps=10, batch=1, warmup=WARMUP, decay=DECAY, clip=0.01)
    loop.train(made, made.settings, tmp_path)
    matrices = {module.weight for module in codec.vocoder.blocks.modules() if isinstance(module, torch.nn.Linear)}
    for step, factor in zip(steps, FACTORS, strict=True):
        assert norm(step) == pytest.approx(0.01, rel=1e-3)
        for weight, (rate, _) in step.items():
            full = made.settings.matrix_rate if weight in matrices else made.settings.other_rate
            assert rate == pytest.approx(factor * full, rel=1e-3)


def test_a_step_learns_from_its_own_excerpts_alone(
    codec: SpectralCodec, tones: Path, tmp_path: Path, steps: list[Step], codec_recipe: CodecRecipe
) -> None:
    made = objective(
        codec, tones, codec_recipe, steps=3, batch=1, matrix_rate=0.0, other_rate=0.0, clip=1e6, test_songs=0
    )
    loop.train(made, made.settings, tmp_path)
    assert len(steps) == 3
    for number, step in enumerate(steps):
        codec.vocoder.zero_grad()
        made.loss(made.micro_batch(number), Losses()).backward()
        for weight, (_, grad) in step.items():
            torch.testing.assert_close(grad, weight.grad)


def test_it_learns(codec: SpectralCodec, tones: Path, codec_recipe: CodecRecipe) -> None:
    made = objective(codec, tones, codec_recipe)
    batch = made.micro_batch(0)
    optimizer = torch.optim.Adam(codec.vocoder.parameters(), lr=3e-3)
    history = []
    for _ in range(40):
        losses = Losses()
        optimizer.zero_grad()
        made.loss(batch, losses).backward()
        optimizer.step()
        history.append(losses.mean())
    for name in ("mid", "advance", "slope"):
        assert history[-1][name] < 0.9 * history[0][name], name


def test_a_killed_run_goes_on_to_the_same_vocoder(
    fitted: Fitted, tones: Path, tmp_path: Path, codec_recipe: CodecRecipe
) -> None:
    def run(folder: Path, last: int) -> Path:
        made = objective(deepcopy(fitted[0]), tones, codec_recipe, steps=5, checkpoint_minutes=1e-6, test_songs=0)
        real = made.micro_batch

        def interrupted(number: int) -> object:
            if number == last:
                raise KeyboardInterrupt
            return real(number)

        made.micro_batch = interrupted
        return loop.train(made, made.settings, folder)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", 3)
    assert run(tmp_path / "parts", 9).read_bytes() == run(tmp_path / "whole", 9).read_bytes()
    assert [line["step"] for line in read(tmp_path / "parts") if line["kind"] == "train"] == [1, 2, 3, 4, 5]


def test_a_loss_that_is_not_finite_ends_the_run_and_leaves_the_codec(
    codec: SpectralCodec, tones: Path, tmp_path: Path, codec_recipe: CodecRecipe
) -> None:
    before = deepcopy(codec.vocoder.state_dict())
    made = objective(codec, tones, codec_recipe, steps=99)
    made.loss = lambda batch, losses, progress: next(codec.vocoder.parameters()).sum() * float("nan")
    with pytest.raises(KhalaError, match="not finite since step 1;"):
        loop.train(made, made.settings, tmp_path)
    assert all(torch.equal(tensor, before[name]) for name, tensor in codec.vocoder.state_dict().items())
    assert not (tmp_path / "model.safetensors").exists()


def test_time_left_and_throughput_are_logged_from_the_first_line_on(
    codec: SpectralCodec, tones: Path, tmp_path: Path, codec_recipe: CodecRecipe
) -> None:
    made = objective(codec, tones, codec_recipe, steps=4, test_songs=0)
    loop.train(made, made.settings, tmp_path)
    lines = [line for line in read(tmp_path) if line["kind"] == "train"]
    for line in lines:
        assert line["eta"] == pytest.approx(line["elapsed"] * (4 - line["step"]) / line["step"], rel=1e-3, abs=1e-5)
        assert line["frames/s"] > 0
    assert load_codec(tmp_path).config == codec.config
