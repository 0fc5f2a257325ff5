"""A codec made from a few seconds of tones: fitted, resumed, its vocoder taught."""

import dataclasses
import math
import shutil
from collections import Counter
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from steps import DECAY, FACTORS, WARMUP, Step, norm

from khala.corpus.data.songs import TokenSong
from khala.models.codec.config import SpectralConfig
from khala.models.codec.folder import load_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.phase import expected_advance
from khala.models.codec.spectral.vocoder import Spectra
from khala.music.errors import InvalidRequest
from khala.training.codec import CodecRecipe, FitRecipe, VocoderRecipe, train
from khala.training.codec.evaluate import log_mel_l1, reconstruction, si_sdr, stft_distance
from khala.training.codec.fit import fit_codec, weights
from khala.training.codec.kmeans import assign, fit_level
from khala.training.codec.songs import find_songs, read_excerpt
from khala.training.codec.vocoder import batch, losses, objective, train_vocoder
from khala.training.log import Log, read

MODEL = SpectralConfig(bands=24, balance_bands=4, low_bins=12, dim=12, codebook=16, levels=6, width=32, blocks=1)
FIT = FitRecipe(frames=400, excerpt_frames=40, held_out_frames=60, batch=200, first_iterations=6, iterations=3)
VOCODER = VocoderRecipe(steps=2, batch=2, frames=8, log_steps=1, eval_minutes=60, test_songs=1, test_seconds=1)
RECIPE = CodecRecipe(model=MODEL, fit=FIT, vocoder=VOCODER)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight songs of 4 s: a melody of decaying tones, panned, over noise bursts."""
    folder = tmp_path_factory.mktemp("corpus") / "00000"
    folder.mkdir()
    for seed in range(8):
        random = np.random.default_rng(seed)
        length = 90 * 2048
        time = np.arange(length) / 44100
        left, right = np.zeros(length), np.zeros(length)
        for start in range(0, length, 8 * 2048):
            note = 110 * 2 ** (random.integers(0, 24) / 12)
            envelope = np.where(np.arange(length) >= start, np.exp(-4 * (time - start / 44100)), 0)
            tone = envelope * sum(np.sin(2 * np.pi * note * h * time) / h for h in range(1, 5))
            pan = random.uniform(0.2, 0.8)
            left, right = left + pan * tone, right + (1 - pan) * tone
            burst = random.normal(0, 0.1, 2048)
            left[start : start + 2048] += burst
            right[start : start + 2048] += burst
        soundfile.write(folder / f"song-{seed}.flac", np.stack([left, right], 1) / 4, 44100)
        (folder / f"song-{seed}.json").write_text("{}")
    return folder.parent


@pytest.fixture(scope="module")
def fitted(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[SpectralCodec, Path]:
    out = tmp_path_factory.mktemp("fitted")
    return fit_codec(corpus, RECIPE, out), out


def test_songs_are_split_by_name_and_need_their_json(corpus: Path, tmp_path: Path):
    learned, held_out = find_songs(corpus)
    assert len(learned) + len(held_out) == 8 and held_out and not set(learned) & set(held_out)
    (tmp_path / "song-1.flac").touch()
    with pytest.raises(InvalidRequest, match="holds 0 songs"):
        find_songs(tmp_path)


def test_the_codec_holds_out_the_songs_that_the_language_models_hold_out(tmp_path: Path):
    for number in range(300):
        (tmp_path / f"song-{number}.json").touch()
    songs = [TokenSong(n, f"song-{n}", 1, (), "", "", 1.0, "", 0.0, "", "") for n in range(300)]
    held_out = {path.stem for path in find_songs(tmp_path)[1]}
    assert held_out == {song.name for song in songs if song.held_out} and len(held_out) > 2


def test_held_out_songs_teach_the_codec_nothing(corpus: Path, tmp_path: Path):
    songs = Path(shutil.copytree(corpus, tmp_path / "songs"))
    for path in find_songs(songs)[1]:
        soundfile.write(path, np.full((90 * 2048, 2), np.nan), 44100, format="WAV", subtype="FLOAT")
    vocoder = dataclasses.replace(VOCODER, batch=8, steps=1, test_songs=0)  # fit and vocoder hear every song
    train(dataclasses.replace(RECIPE, vocoder=vocoder), songs, tmp_path / "run")
    assert all(tensor.isfinite().all() for tensor in load_codec(tmp_path / "run").state_dict().values())


def test_centres_find_clusters_and_revive():
    generator = torch.Generator().manual_seed(0)
    centres = 10 * torch.randn(8, 3, generator=generator)
    points = centres.repeat(100, 1) + 0.01 * torch.randn(800, 3, generator=generator)
    book = fit_level(points, 8, 12, 0.0, generator)
    assert torch.cdist(centres, book).min(1).values.max() < 0.05
    assert torch.bincount(assign(points, book), minlength=8).min() == 100


def test_shrinking_pulls_small_clusters_to_zero():
    points = torch.tensor([[4.0], [4.0], [-4.0], [-4.0]])
    book = fit_level(points, 2, 3, 2.0, torch.Generator().manual_seed(0))
    assert sorted(book.flatten().tolist()) == [-2.0, 2.0]


def test_weights_follow_the_recipe():
    codec = SpectralCodec(MODEL)
    weight = weights(FIT, codec.analysis)
    mid, side, balance, low = codec.analysis.split(weight[None, None])
    assert weight.shape == (sum(codec.analysis.widths),)
    voice = torch.where((mid - side / FIT.side).abs() > 1e-6, FIT.voice_band, 1.0)
    assert torch.allclose(voice * side, FIT.side * mid) and 0.3 < (voice > 1).float().mean() < 0.9
    assert (balance == FIT.balance).all() and (low == FIT.low).all()
    assert mid[0, 0, 8] == pytest.approx(FIT.voice_band) and mid[0, 0, -1] == pytest.approx(FIT.high_band, abs=0.05)


def test_the_fit_learns_more_with_every_level(fitted: tuple[SpectralCodec, Path]):
    codec, out = fitted
    lines = read(out)
    left = [line["loss"]["held_out"] for line in lines if line["kind"] == "fit"]
    assert len(left) == 6 and left == sorted(left, reverse=True) and left[-1] < 0.5
    errors = [line["loss"]["log_mel"] for line in lines if line["kind"] == "features"]
    assert errors == sorted(errors, reverse=True)
    assert (codec.codebooks == codec.codebooks.half().float()).all()


def test_projection_is_the_principal_plane_of_the_weighted_features(fitted: tuple[SpectralCodec, Path]):
    codec, _ = fitted
    identity = codec.unproject @ codec.project
    assert torch.allclose(identity, torch.eye(MODEL.dim), atol=5e-3)


def test_a_killed_fit_goes_on_to_the_same_codec(
    corpus: Path, fitted: tuple[SpectralCodec, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Killed(Exception):
        pass

    def killed(log: Log, step: int, *rest: object) -> None:
        if step == 4:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Log, "write", killed)
        fit_codec(corpus, RECIPE, tmp_path)
    again = fit_codec(corpus, RECIPE, tmp_path)
    assert [line["step"] for line in read(tmp_path) if line["kind"] == "fit"] == [5, 6]
    assert torch.equal(again.codebooks, fitted[0].codebooks) and torch.equal(again.project, fitted[0].project)


def test_batches_depend_on_seed_and_step_alone(corpus: Path):
    codec = SpectralCodec(MODEL)
    songs, _ = find_songs(corpus)
    one, same, other = (batch(codec, songs, VOCODER, 1, step) for step in (3, 3, 4))
    assert one.shape == (2, 2, 8 * 2048)
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_a_perfect_guess_has_no_loss(fitted: tuple[SpectralCodec, Path], corpus: Path):
    codec, _ = fitted
    left, right = codec.analysis.stft(batch(codec, find_songs(corpus)[0], VOCODER, 1, 0)).unbind(1)
    mid, side = (left + right) / 2, (left - right) / 2
    advance, slope = torch.ones_like(mid), torch.ones_like(mid)
    advance[:, 1:] = torch.sgn(mid[:, 1:] * mid[:, :-1].conj()) * expected_advance(mid.shape[2]).conj()
    slope[..., 1:] = -torch.sgn(mid[..., 1:] * mid[..., :-1].conj())
    log_mid, log_side = (torch.log(x.abs() + MODEL.floor) for x in (mid, side))
    perfect = Spectra(log_mid, log_side, advance, slope, torch.sgn(side * mid.conj()))
    for name, value in losses(codec, perfect, mid, side).items():
        assert value < 1e-3, name


def test_the_vocoder_hears_what_any_number_of_levels_gives_back(fitted: tuple[SpectralCodec, Path], corpus: Path):
    codec, _ = fitted
    samples = batch(codec, find_songs(corpus)[0], dataclasses.replace(VOCODER, batch=8, frames=4), 1, 0)
    features = codec.analysis(samples)
    latent = codec.to_latent(features).transpose(1, 2)
    known = [features]
    for levels in range(1, MODEL.levels + 1):
        coded = codec.quantizer.decode(codec.quantizer.encode(latent, levels))
        known.append(codec.to_features(coded.transpose(1, 2)))
    heard = []
    hook = codec.vocoder.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    with torch.no_grad():
        for step in range(40):
            objective(codec, samples, step)
    hook.remove()
    found = Counter()
    for item, excerpt in ((item, excerpt) for its in heard for item, excerpt in enumerate(its)):
        (levels,) = (number for number, one in enumerate(known) if torch.allclose(one[item], excerpt, atol=1e-4))
        found[levels] += 1
    assert found[0] / found.total() == pytest.approx(0.25, abs=0.05), "not coded"
    for levels in range(1, MODEL.levels + 1):
        share = math.log((levels + 1) / levels) / math.log(MODEL.levels + 1)
        assert found[levels] / found.total() == pytest.approx(0.75 * share, abs=0.05)


def test_steps_of_the_vocoder_follow_its_recipe(
    fitted: tuple[SpectralCodec, Path], corpus: Path, tmp_path: Path, steps: list[Step]
):
    codec = deepcopy(fitted[0])
    settings = dataclasses.replace(VOCODER, steps=10, batch=1, warmup=WARMUP, decay=DECAY, clip=0.01)
    train_vocoder(codec, corpus, dataclasses.replace(RECIPE, vocoder=settings), tmp_path)
    matrices = {module.weight for module in codec.vocoder.blocks.modules() if isinstance(module, torch.nn.Linear)}
    for step, factor in zip(steps, FACTORS, strict=True):
        assert norm(step) == pytest.approx(0.01, rel=1e-3)
        for weight, (rate, _) in step.items():
            full = settings.matrix_rate if weight in matrices else settings.other_rate
            assert rate == pytest.approx(factor * full, rel=1e-3)


def test_a_step_of_the_vocoder_learns_from_its_own_excerpts_alone(
    fitted: tuple[SpectralCodec, Path], corpus: Path, tmp_path: Path, steps: list[Step]
):
    codec = deepcopy(fitted[0])
    settings = dataclasses.replace(VOCODER, steps=3, batch=1, matrix_rate=0.0, other_rate=0.0, clip=1e6, test_songs=0)
    train_vocoder(codec, corpus, dataclasses.replace(RECIPE, vocoder=settings), tmp_path)
    assert len(steps) == 3
    for number, step in enumerate(steps):
        codec.vocoder.zero_grad()
        samples = batch(codec, find_songs(corpus)[0], settings, RECIPE.seed, number)
        sum(objective(codec, samples, number).values()).backward()
        for weight, (_, grad) in step.items():
            torch.testing.assert_close(grad, weight.grad)


def test_the_vocoder_learns(fitted: tuple[SpectralCodec, Path], corpus: Path):
    codec, _ = fitted
    codec.vocoder.requires_grad_(True)
    songs, _ = find_songs(corpus)
    samples = batch(codec, songs, VOCODER, 1, 0)
    optimizer = torch.optim.Adam(codec.vocoder.parameters(), lr=3e-3)
    history = []
    for _ in range(40):
        found = objective(codec, samples, 0)
        total = torch.stack(list(found.values())).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append({name: value.item() for name, value in found.items()})
    for name in ("mid", "advance", "slope"):
        assert history[-1][name] < 0.9 * history[0][name], name


def test_the_whole_training_leaves_a_codec_whose_codes_do_not_change(corpus: Path, tmp_path: Path):
    train(RECIPE, corpus, tmp_path)
    codec = load_codec(tmp_path)
    song = read_excerpt(find_songs(corpus)[1][0], 0, 30 * 2048)
    codes = codec.encode(song[None])
    held_out = [line for line in read(tmp_path) if line["kind"] == "held-out"]
    assert [(line["step"], line["levels"]) for line in held_out] == [(2, 2), (2, 0)]
    assert all(np.isfinite(list(line["loss"].values())).all() for line in held_out)
    longer = dataclasses.replace(RECIPE, vocoder=dataclasses.replace(VOCODER, steps=3))
    train(longer, corpus, tmp_path)
    assert [line["step"] for line in read(tmp_path) if line["kind"] == "train"] == [1, 2, 3]
    assert torch.equal(load_codec(tmp_path).encode(song[None]), codes)


def test_measures_know_the_same_from_the_different(fitted: tuple[SpectralCodec, Path], corpus: Path):
    codec, _ = fitted
    song = read_excerpt(find_songs(corpus)[1][0], 0, 20 * 2048)
    quieter, noise = 0.5 * song, 0.1 * torch.randn_like(song)
    assert log_mel_l1(codec.analysis, song, song) == 0 and stft_distance(song, song) == 0
    assert log_mel_l1(codec.analysis, song, quieter) < log_mel_l1(codec.analysis, song, noise)
    assert stft_distance(song, quieter) < stft_distance(song, noise)
    assert si_sdr(song, quieter) > 60 and si_sdr(song, noise) < 0
    few, many = (reconstruction(codec, [song], levels)["log_mel"] for levels in (1, 6))
    assert many < few
