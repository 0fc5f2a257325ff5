"""The recogniser learns a toy language: every phone is a band of noise, and a codec that leaves songs as they are."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from steps import DECAY, FACTORS, WARMUP, Step, norm, rates

from khala.audio.files import write_audio
from khala.models.recogniser import FRAME_SPECTRA, MEL_BANDS, PHONE_FRAMES_PER_SECOND, Recogniser
from khala.music.errors import InvalidRequest
from khala.music.phones import PHONES
from khala.training import log
from khala.training import recogniser as training
from khala.training.codec.songs import find_songs
from khala.training.recogniser import Heard, RecogniserRecipe, Sung, batch, coding, error_rates, prepare, train
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
    monkeypatch.setattr(training, "load_model", lambda name: SimpleNamespace(codec=codec))


def test_it_learns_what_is_sung(corpus: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    recipe = RecogniserRecipe(steps=90, batch=4, seconds=3.0, log_steps=30, test_songs=2)
    weights = train(recipe, corpus, tmp_path)
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


def test_a_run_goes_on_where_it_was(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(SHORT, corpus, tmp_path / "whole").read_bytes()
    real, count = training.batch, []

    def interrupted(*arguments: object) -> object:
        count.append(None)
        if len(count) == 3:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "batch", interrupted)
    often = RecogniserRecipe(**{**vars(SHORT), "checkpoint_minutes": 0.0})
    with pytest.raises(KeyboardInterrupt):
        train(often, corpus, tmp_path / "parts")
    monkeypatch.setattr(training, "batch", real)
    assert train(often, corpus, tmp_path / "parts").read_bytes() == whole


def test_labels_lie_where_the_phones_are(corpus: Path, tmp_path: Path) -> None:
    heard = Heard(Recogniser(), training.load_model("").codec, tmp_path)
    songs = sorted(corpus.glob("*.flac"))
    taken = batch(heard, songs, SHORT, 0)
    frames = round(SHORT.seconds * PHONE_FRAMES_PER_SECOND)
    assert taken.features.shape == (3, FRAME_SPECTRA * frames, 2 * MEL_BANDS) and taken.frames.shape == (3, frames)
    assert int(taken.counts.sum()) == len(taken.said)
    again = batch(heard, songs, SHORT, 0)
    torch.testing.assert_close(taken.features, again.features)
    song = songs[0]
    classes, said = training._labels(heard.sung(song), 0, round(4 * PHONE_FRAMES_PER_SECOND))
    first = json.loads(song.with_suffix(".json").read_text())["truth"]["phones"][0]
    middle = round((first["start"] + first["end"]) / 2 * PHONE_FRAMES_PER_SECOND)
    assert PHONES[classes[middle] - 1] == first["phone"].upper() == PHONES[said[0] - 1]


class Flat:
    """Songs whose spectra are one level throughout, in which a phone is sung all the time, or where `unsung` nobody."""

    def __init__(self, unsung: Callable[[Path], bool] = lambda song: False) -> None:
        self.unsung, self.levels = unsung, []

    def features(self, song: Path, levels: int) -> np.ndarray:
        self.levels.append(levels)
        return np.ones((400, 2 * MEL_BANDS), np.float16)

    def sung(self, song: Path) -> Sung:
        phones = 0 if self.without_phones(song) else 99
        return Sung(np.full(phones, 7), np.arange(phones) * 0.1, np.arange(phones) * 0.1 + 0.1)


def heard_in_training(flat: Flat, numbers: range, **settings: float) -> list[training.Batch]:
    songs = [Path(f"song-{number}.flac") for number in numbers]
    recipe = RecogniserRecipe(**{"batch": 10, "seconds": 1.0} | settings)
    return [batch(flat, songs, recipe, step) for step in range(40)]


def test_excerpts_are_heard_as_on_other_systems() -> None:
    excerpts = torch.cat([taken.features for taken in heard_in_training(Flat(), range(1, 9))])
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
    heard_in_training(flat, range(1, 28), coded=0.4)  # 9, 18 and 27 are there after a codec
    found = Counter(flat.levels)
    assert found[0] / found.total() == pytest.approx(0.6, abs=0.06)
    for levels in (2, 8, 64):
        assert found[levels] / found.total() == pytest.approx(0.4 / 3, abs=0.06)


def test_most_excerpts_without_singing_are_left_out() -> None:
    flat = Flat(unsung=lambda song: int(song.stem[5:]) % 2 == 0)
    counts = torch.cat([taken.counts for taken in heard_in_training(flat, range(1, 9))])
    assert (counts == 0).float().mean() == pytest.approx(0.2 / 1.2, abs=0.05)


def test_steps_follow_the_recipe(corpus: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(SHORT, steps=10, batch=1, seconds=1.0, warmup=WARMUP, decay=DECAY, clip=0.01, test_songs=0)
    train(recipe, corpus, tmp_path)
    for step, factor in zip(steps, FACTORS, strict=True):
        assert norm(step) == pytest.approx(0.01, rel=1e-3)
        found = rates(step)
        assert sorted(found) == pytest.approx([factor * recipe.other_rate, factor * recipe.matrix_rate], rel=1e-3)
        assert all(weight.dim() == 2 for weight, (rate, _) in step.items() if rate == max(found))


def test_a_step_learns_from_its_own_excerpts_alone(corpus: Path, tmp_path: Path, steps: list[Step]) -> None:
    recipe = replace(SHORT, steps=3, seconds=1.0, frames_first=0.0, matrix_rate=0.0, other_rate=0.0, clip=1e6)
    train(recipe, corpus, tmp_path)
    assert len(steps) == 3
    torch.manual_seed(recipe.seed)
    model = Recogniser()
    heard = Heard(model, training.load_model("").codec, tmp_path / "features")
    learned, _ = find_songs(corpus)
    for number, step in enumerate(steps):
        model.zero_grad()
        taken = batch(heard, learned, recipe, number)
        sum(training.objective(model, taken, recipe, number / recipe.steps).values()).backward()
        assert norm(step) == pytest.approx(norm({weight: (0.0, weight.grad) for weight in model.parameters()}))


def test_few_songs_are_heard_coded_and_none_twice(corpus: Path, tmp_path: Path) -> None:
    songs = sorted(corpus.glob("*.flac"))
    assert {coding(song) for song in songs} == {0, 8}  # of the numbers 1 to 14, 9 alone
    calls = []
    codec = SimpleNamespace(encode=lambda samples, levels: calls.append(levels) or samples, decode=lambda codes: codes)
    heard = Heard(Recogniser(), codec, tmp_path)  # type: ignore[arg-type]
    prepare(heard, songs)
    prepare(heard, songs)
    assert calls == [8] and len(list(tmp_path.iterdir())) == 15


def test_a_stranger_understands_nothing(corpus: Path, tmp_path: Path) -> None:
    heard = Heard(Recogniser(), training.load_model("").codec, tmp_path)
    assert error_rates(Recogniser(), heard, sorted(corpus.glob("*.flac"))[:1])["levels 0"] > 0.7


def test_an_empty_corpus_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="0 songs"):
        train(SHORT, tmp_path, tmp_path / "run")
