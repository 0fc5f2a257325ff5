"""The recogniser learns a toy language: every phone is a band of noise, and a codec that leaves songs as they are."""

import json
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from steps import DECAY, FACTORS, WARMUP, Step, norm, rates

from khala.audio.files import write_audio
from khala.engine.onnx.recogniser import RecogniserSession
from khala.models.codec.config import SpectralConfig
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.recogniser.features import FRAME_SPECTRA, MEL_BANDS, PHONE_FRAMES_PER_SECOND
from khala.models.recogniser.network import Recogniser
from khala.music.errors import InvalidRequest, KhalaError
from khala.training import checkpoint, log, precision
from khala.training.losses import Losses
from khala.training.objectives import recogniser
from khala.training.objectives.recogniser import PhoneBatch, RecogniserObjective, train_recogniser
from khala.training.recipe import RecogniserRecipe
from khala.training.song_spectra import PhoneSpans, SongSpectra
from khala.training.songs import find_songs
from khala.weights.tensors import load_module

RATE = 44100
SAID = ("AA", "S", "IY", "M")
SHORT = RecogniserRecipe(steps=4, batch=3, seconds=2.0, log_steps=2, test_songs=2)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen songs of four seconds: tones of 300, 900, 2700 or 6000 Hz, a quarter of a second each, with rests."""
    folder = tmp_path_factory.mktemp("corpus")
    for seed in range(1, 15):
        random = np.random.default_rng(seed)
        time = np.arange(RATE // 4) / RATE
        pieces, phones = [], []
        for place, number in enumerate(random.integers(0, 5, 16)):
            pieces.append(np.sin(2 * np.pi * (0, 300, 900, 2700, 6000)[number] * time))
            if number:
                phones.append({"phone": SAID[number - 1].lower(), "start": place / 4, "end": (place + 1) / 4})
        samples = np.tile(np.concatenate(pieces) * 0.3, (2, 1)) + random.normal(size=(2, 4 * RATE)) * 1e-3
        write_audio(folder / f"song-{seed}.flac", samples.astype(np.float32), RATE)
        (folder / f"song-{seed}.json").write_text(json.dumps({"truth": {"phones": phones}}))
    return folder


@pytest.fixture(autouse=True)
def transparent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec whose codes are the samples themselves."""
    codec = SimpleNamespace(encode=lambda samples, levels: samples, decode=lambda codes: codes)
    monkeypatch.setattr(recogniser, "load_model", lambda name: SimpleNamespace(codec=codec))


def test_it_learns_what_is_sung(corpus: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    recipe = RecogniserRecipe(steps=90, batch=4, seconds=3.0, log_steps=30, test_songs=2)
    weights = train_recogniser(recipe, corpus, tmp_path)
    lines = log.read(tmp_path)
    assert [line["kind"] for line in lines] == ["train"] * 3 + ["held-out"]
    assert lines[0]["loss"].keys() == {"heard"} and lines[2]["loss"].keys() == {"heard", "said"}
    assert lines[2]["loss"]["heard"] < 0.5 * lines[0]["loss"]["heard"]
    rates = lines[-1]["loss"]
    assert rates.keys() == {"sings", "levels 0", "levels 2", "levels 8", "levels 64"}
    assert rates["levels 0"] < 0.3 and rates["sings"] > 0.9
    model = Recogniser()
    load_module(weights, model)
    assert weights.stat().st_size < 2e6
    RecogniserSession(weights.parent).listen(np.zeros((2, RATE), np.float32))


def test_a_run_goes_on_where_it_was(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train_recogniser(SHORT, corpus, tmp_path / "whole").read_bytes()
    real = RecogniserObjective.micro_batch

    def interrupted(objective: RecogniserObjective, number: int) -> PhoneBatch:
        if number == 2:
            raise KeyboardInterrupt
        return real(objective, number)

    often = replace(SHORT, checkpoint_minutes=1e-6)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(RecogniserObjective, "micro_batch", interrupted)
        train_recogniser(often, corpus, tmp_path / "parts")
    assert train_recogniser(often, corpus, tmp_path / "parts").read_bytes() == whole


def test_a_loss_that_is_not_finite_ends_the_run(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        RecogniserObjective, "loss", lambda self, *_: next(self.model.parameters()).sum() * float("nan")
    )
    with pytest.raises(KhalaError, match="not finite since step 1;"):
        train_recogniser(replace(SHORT, steps=99), corpus, tmp_path)
    assert not (tmp_path / "recogniser.safetensors").exists()


def test_a_termination_signal_ends_it_with_a_checkpoint(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_recogniser(SHORT, corpus, tmp_path / "whole").read_bytes()
    real, begun = RecogniserObjective.loss, count(1)

    def signalled(objective: RecogniserObjective, batch: PhoneBatch, losses: Losses, progress: float) -> torch.Tensor:
        if next(begun) == 2:
            signal.raise_signal(signal.SIGTERM)
        return real(objective, batch, losses, progress)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(RecogniserObjective, "loss", signalled)
        train_recogniser(SHORT, corpus, tmp_path / "parts")
    latest = checkpoint.latest(tmp_path / "parts")
    assert latest is not None and latest.name == "step-00000002"
    assert train_recogniser(SHORT, corpus, tmp_path / "parts").read_bytes() == whole


class Flat:
    """Songs whose spectra are one level throughout, in which a phone is sung all the time, or nobody if `unsung`."""

    def __init__(self, unsung: Callable[[Path], bool] = lambda song: False) -> None:
        self.unsung, self.levels = unsung, []

    def features(self, song: Path, levels: int) -> np.ndarray:
        self.levels.append(levels)
        return np.ones((400, 2 * MEL_BANDS), np.float16)

    def phones(self, song: Path) -> PhoneSpans:
        count = 0 if self.unsung(song) else 99
        return PhoneSpans(np.full(count, 7), np.arange(count) * 0.1, np.arange(count) * 0.1 + 0.1)


def batches(flat: Flat, numbers: range, **settings: float) -> list[PhoneBatch]:
    songs = [Path(f"song-{number}.flac") for number in numbers]
    recipe = RecogniserRecipe(**{"batch": 10, "seconds": 1.0} | settings)
    made = RecogniserObjective(Recogniser(), flat, songs, [], recipe)
    return [made.micro_batch(number) for number in range(40)]


def test_excerpts_are_heard_as_on_other_systems() -> None:
    excerpts = torch.cat([batch.features for batch in batches(Flat(), range(1, 9))])
    silent = excerpts < 0
    mono = silent[:, :, MEL_BANDS:].all((1, 2))
    assert mono.float().mean() == pytest.approx(0.15, abs=0.05)
    mid, missing = excerpts[:, :, :MEL_BANDS], silent[:, :, :MEL_BANDS]
    assert missing.all(1).any(1).float().mean() > 0.6, "bands are missing"
    assert missing.all(2).any(1).float().mean() > 0.6, "moments are missing"
    assert missing.all(1).float().mean() < 0.1 and missing.all(2).float().mean() < 0.2
    tilt = mid.amax(1)[:, -1] - mid.amax(1)[:, 0]
    kept = ~(missing.all(1)[:, 0] | missing.all(1)[:, -1])
    assert tilt[kept].mean().abs() < 0.1 and tilt[kept].std() == pytest.approx(0.6, abs=0.1)
    level = (mid.amax(1)[:, -1] + mid.amax(1)[:, 0])[kept] / 2
    assert level.mean() == pytest.approx(1.0, abs=0.05) and level.std() == pytest.approx(0.2, abs=0.05)
    assert torch.equal(silent[~mono, :, :MEL_BANDS], silent[~mono, :, MEL_BANDS:]), "on both sides alike"


def test_a_share_of_the_excerpts_is_heard_coded() -> None:
    flat = Flat()
    batches(flat, range(1, 28), coded=0.4)  # 9, 18 and 27 are there after a codec
    found = Counter(flat.levels)
    assert found[0] / found.total() == pytest.approx(0.6, abs=0.06)
    for levels in (2, 8, 64):
        assert found[levels] / found.total() == pytest.approx(0.4 / 3, abs=0.06)


def test_most_excerpts_without_singing_are_left_out() -> None:
    flat = Flat(unsung=lambda song: int(song.stem[5:]) % 2 == 0)
    counts = torch.cat([batch.counts for batch in batches(flat, range(1, 9))])
    assert (counts == 0).float().mean() == pytest.approx(0.2 / 1.2, abs=0.05)


def test_steps_follow_the_recipe(corpus: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(SHORT, steps=10, batch=1, seconds=1.0, warmup=WARMUP, decay=DECAY, clip=0.01, test_songs=0)
    train_recogniser(recipe, corpus, tmp_path)
    for step, factor in zip(steps, FACTORS, strict=True):
        assert norm(step) == pytest.approx(0.01, rel=1e-3)
        found = rates(step)
        assert sorted(found) == pytest.approx([factor * recipe.other_rate, factor * recipe.matrix_rate], rel=1e-3)
        assert all(weight.dim() == 2 for weight, (rate, _) in step.items() if rate == max(found))


def test_a_step_learns_from_its_own_excerpts_alone(corpus: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(SHORT, steps=3, seconds=1.0, frames_first=0.0, matrix_rate=0.0, other_rate=0.0, clip=1e6)
    train_recogniser(recipe, corpus, tmp_path)
    assert len(steps) == 3
    torch.manual_seed(recipe.seed)
    model = Recogniser()
    spectra = SongSpectra(recogniser.load_model("").codec, tmp_path / "features")
    made = RecogniserObjective(model, spectra, find_songs(corpus)[0], [], recipe)
    for number, step in enumerate(steps):
        model.zero_grad()
        made.loss(made.micro_batch(number), Losses(), number / recipe.steps).backward()
        assert norm(step) == pytest.approx(norm({weight: (0.0, weight.grad) for weight in model.parameters()}))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_stranger_understands_nothing(corpus: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    spectra = SongSpectra(recogniser.load_model("").codec, tmp_path)
    songs = sorted(corpus.glob("*.flac"))[:1]
    with precision.autocast(dtype, torch.device("cpu")):
        ((_, rates),) = RecogniserObjective(Recogniser(), spectra, songs, songs, SHORT).evaluate(lambda batches: {})
    assert rates["levels 0"] > 0.7


def test_an_empty_corpus_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="0 songs"):
        train_recogniser(SHORT, tmp_path, tmp_path / "run")


def test_labels_are_those_of_the_excerpts(corpus: Path, tmp_path: Path) -> None:
    songs = sorted(corpus.glob("*.flac"))
    spectra = SongSpectra(recogniser.load_model("").codec, tmp_path)
    made = RecogniserObjective(Recogniser(), spectra, songs, [], SHORT)
    batch = made.micro_batch(0)
    frames = round(SHORT.seconds * PHONE_FRAMES_PER_SECOND)
    assert batch.features.shape == (3, FRAME_SPECTRA * frames, 2 * MEL_BANDS) and batch.frames.shape == (3, frames)
    assert int(batch.counts.sum()) == len(batch.transcripts)
    torch.testing.assert_close(batch.features, made.micro_batch(0).features)
    assert not torch.equal(batch.features, made.micro_batch(1).features)


def test_it_may_hear_through_a_codec_that_no_model_has_yet(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_model(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(recogniser, "load_model", no_model)
    codec = SpectralCodec(SpectralConfig(codebook=4, width=16, blocks=1))
    save_codec(codec, tmp_path / "codec")
    recipe = RecogniserRecipe(codec=str(tmp_path / "codec"), steps=1, batch=2, seconds=1.0, test_songs=1)
    assert train_recogniser(recipe, corpus, tmp_path / "run").exists()
