"""Songs as tokens of a model's codec: audio with sidecars, songs of that model, folders of `khala corpus`."""

from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.corpus.data.songs import TokenCorpus
from khala.generation.pipeline import load
from khala.music.errors import KhalaError
from khala.training.finetuning.songs import tokens_of
from khala.weights.opening import open_model

RATE = 44100


def silent(stage: str, done: int, total: int) -> None:
    pass


def play(path: Path, seed: int) -> None:
    """Write six seconds of noise, with tags beside it."""
    noise = 0.1 * np.random.default_rng(seed).standard_normal((2, 6 * RATE)).astype(np.float32)
    write_audio(path, noise, RATE)
    path.with_suffix(".json").write_text('{"tags": "noise", "instrumental": true}')


def test_songs_are_taken_as_they_come(singer: Path, tmp_path: Path) -> None:
    folder, run, model = tmp_path / "mine", tmp_path / "run", open_model(singer)
    folder.mkdir()
    play(folder / "noise.wav", 1)
    write_audio(folder / "bare.wav", np.zeros((2, 6 * RATE), np.float32), RATE)  # nothing says what it is
    pipeline = load(singer, "cpu", "float32")
    (take,) = pipeline.generate(tags="folk, male vocals", lyrics="[verse]\nHello there", duration=5, seed=3)
    take.save(folder / "own.flac")
    refused: list[str] = []
    tokens, count = tokens_of(folder, run, model, refused.append, silent)
    assert count == 1 and len(refused) == 1 and "bare.wav" in refused[0]
    corpus = TokenCorpus(tokens)
    songs = {song.name: song for song in [*corpus.train, *corpus.held_out]}
    assert set(songs) == {"own.flac", "song-1000000"}
    own, noise = songs["own.flac"], songs["song-1000000"]
    levels = len(take.codes)
    assert np.array_equal(corpus.codes(own, levels), take.codes)
    assert (own.tags, own.lyrics) == (("folk", "male vocals"), "[verse]\nHello there")
    assert corpus.codes(noise, levels).shape == (levels, noise.frames) and noise.tags == ("noise",)

    take.save(folder / "again.flac")  # a second run finds what is new
    tokens_of(folder, run, model, refused.append, silent)
    assert len([*TokenCorpus(tokens).train, *TokenCorpus(tokens).held_out]) == 3


def test_a_folder_without_songs_is_refused(singer: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(KhalaError, match="holds no songs"):
        tokens_of(tmp_path / "empty", tmp_path / "run", open_model(singer), print, silent)
