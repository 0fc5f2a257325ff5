"""The whole training of a codec: fit, then vocoder."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from service import tiny_model

from khala.models.codec.folder import load_codec
from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.training import loop
from khala.training.codec_recipe import CodecRecipe
from khala.training.log import read
from khala.training.objectives.codec.train import train_codec
from khala.training.songs import find_songs, read_excerpt
from khala.weights import load_model


def test_held_out_songs_teach_the_fit_nothing(tones: Path, tmp_path: Path, codec_recipe: CodecRecipe) -> None:
    songs = Path(shutil.copytree(tones, tmp_path / "songs"))
    for path in find_songs(songs)[1]:
        soundfile.write(path, np.full((90 * 2048, 2), np.nan), 44100, format="WAV", subtype="FLOAT")
    train_codec(codec_recipe, songs, tmp_path / "run", fit_only=True)
    assert all(tensor.isfinite().all() for tensor in load_codec(tmp_path / "run").state_dict().values())


def test_the_whole_training_leaves_a_codec_whose_codes_do_not_change(
    tones: Path, tmp_path: Path, codec_recipe: CodecRecipe
) -> None:
    train_codec(codec_recipe, tones, tmp_path)
    codec = load_codec(tmp_path)
    song = read_excerpt(find_songs(tones)[1][0], 0, 30 * 2048)
    codes = codec.encode(song[None])
    held_out = [line for line in read(tmp_path) if line["kind"] == "held-out"]
    assert [(line["step"], line["levels"]) for line in held_out] == [(2, 2), (2, 0)]
    assert all(np.isfinite(list(line["loss"].values())).all() for line in held_out)
    longer = replace(codec_recipe, vocoder=replace(codec_recipe.vocoder, steps=3))
    train_codec(longer, tones, tmp_path)
    assert [line["step"] for line in read(tmp_path) if line["kind"] == "train"] == [1, 2, 3]
    assert torch.equal(load_codec(tmp_path).encode(song[None]), codes)


def test_a_vocoder_starts_from_that_of_a_model_and_a_run_that_began_goes_on(
    tones: Path, tmp_path: Path, codec_recipe: CodecRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, run = str(tiny_model(tmp_path / "model")), tmp_path / "run"
    recipe = replace(codec_recipe, model=tiny().codec)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train", lambda objective, *_: objective.save({}, run))
        train_codec(recipe, tones, run, start=model)
    begun, known = load_codec(run), load_model(model).codec
    for name, tensor in known.state_dict().items():
        assert torch.equal(begun.state_dict()[name], tensor.half().float()) == name.startswith("vocoder."), name
    train_codec(recipe, tones, run, start=model)
    learned = load_codec(run).state_dict()
    train_codec(recipe, tones, run, start=model)
    assert all(torch.equal(tensor, learned[name]) for name, tensor in load_codec(run).state_dict().items())
    assert not torch.equal(learned["vocoder.enter.weight"], begun.state_dict()["vocoder.enter.weight"])
    with pytest.raises(ModelError, match="has another shape than the recipe's"):
        train_codec(codec_recipe, tones, tmp_path / "other", start=model)
