"""Token shards: whole or absent, resumable, never by two codecs."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from khala.audio.files import read_audio
from khala.audio.resample import resample
from khala.corpus.data.shards import codebooks, tokenize
from khala.corpus.data.songs import TokenCorpus
from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.folder import load_codec, save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest
from khala.weights import LoadedModel

FRAMES = 12


def make_codec(folder: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    codec = SpectralCodec(tiny().codec)
    with torch.no_grad():
        for tensor in codec.state_dict().values():
            tensor.normal_()
    save_codec(codec, folder)
    return folder


def add_songs(corpus: Path, seeds: list[int]) -> None:
    folder = corpus / "00000"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        noise = np.random.default_rng(seed).uniform(-0.5, 0.5, (FRAMES * 2048, 2))
        soundfile.write(folder / f"song-{seed}.flac", noise, 44100)
        entry = {
            "generator": 1,
            "seed": seed,
            "style": "pop",
            "duration": 20.0,
            "frames": FRAMES,
            "tags": ["pop", "fast tempo"],
            "description": "A pop song.",
            "lyrics": "[verse]\nhold on",
            "vocal": "male",
            "truth": {"bpm": 123.0},
        }
        (folder / f"song-{seed}.json").write_text(json.dumps(entry))


def test_tokenizes_what_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    corpus, tokens, codec = tmp_path / "corpus", tmp_path / "tokens", make_codec(tmp_path / "codec", 1)
    add_songs(corpus, [1, 2, 3])
    seen: list[tuple[int, int]] = []
    assert tokenize(corpus, codec, tokens, songs_per_shard=2, progress=lambda *at: seen.append(at)) == 3
    assert seen == [(2, 3), (3, 3)]
    before = {path.name: path.read_bytes() for path in tokens.iterdir()}
    assert tokenize(corpus, codec, tokens) == 0
    add_songs(corpus, [4])
    (tokens / "shard-0002.safetensors").write_bytes(b"cut short by a crash: no .jsonl beside it")
    assert tokenize(corpus, codec, tokens) == 1
    assert {name: (tokens / name).read_bytes() for name in before} == before
    assert not list(tokens.glob("*.part"))

    songs = TokenCorpus(tokens)
    assert [song.seed for song in sorted([*songs.train, *songs.held_out], key=lambda song: song.seed)] == [1, 2, 3, 4]
    song = next(song for song in songs.train if song.seed == 4)
    assert (song.frames, song.voice, song.bpm, song.tags) == (FRAMES, "male", 123.0, ("pop", "fast tempo"))
    samples, _ = soundfile.read(corpus / "00000" / "song-4.flac", dtype="float32")
    expected = load_codec(codec).encode(torch.from_numpy(samples.T.copy())[None])[0].numpy()
    np.testing.assert_array_equal(songs.codes(song, 8), expected)
    np.testing.assert_array_equal(songs.codes(song, 3, 5, 4), expected[:3, 5:9])
    assert torch.equal(codebooks(tokens), load_codec(codec).codebooks)


def test_processes_make_the_same_shards(tmp_path: Path) -> None:
    corpus, codec = tmp_path / "corpus", make_codec(tmp_path / "codec", 1)
    add_songs(corpus, [1, 2])
    tokenize(corpus, codec, tmp_path / "one", songs_per_shard=1)
    tokenize(corpus, codec, tmp_path / "two", songs_per_shard=1, processes=2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_tokens_of_another_codec_are_refused(tmp_path: Path) -> None:
    add_songs(tmp_path / "corpus", [1])
    tokenize(tmp_path / "corpus", make_codec(tmp_path / "codec", 1), tmp_path / "tokens")
    with pytest.raises(InvalidRequest, match="another codec"):
        tokenize(tmp_path / "corpus", make_codec(tmp_path / "other", 2), tmp_path / "tokens")


def test_the_codec_of_any_model_will_do(official: Callable[..., LoadedModel], tmp_path: Path) -> None:
    model = official("a")  # it has a convolutional one
    add_songs(tmp_path / "corpus", [1, 2])
    assert tokenize(tmp_path / "corpus", str(model.folder), tmp_path / "tokens") == 2
    songs = TokenCorpus(tmp_path / "tokens")
    (song,) = (song for song in [*songs.train, *songs.held_out] if song.seed == 1)
    samples_2N = resample(*read_audio(tmp_path / "corpus" / "00000" / "song-1.flac"), model.codec.sample_rate)
    with torch.inference_mode():
        expected = model.codec.encode(torch.from_numpy(samples_2N)[None])[0].numpy()
    np.testing.assert_array_equal(songs.codes(song, 64), expected)
    assert torch.equal(codebooks(tmp_path / "tokens"), model.codec.codebooks)


def test_songs_are_resampled_to_the_codecs_rate(tmp_path: Path) -> None:
    config = DacConfig(encoder_width=4, decoder_width=32, dim=8, codebook=16, levels=4, sample_rate=22050)
    codec = Dac(config)
    codec.codebooks.normal_()
    save_codec(codec, tmp_path / "codec")
    add_songs(tmp_path / "corpus", [1])
    tokenize(tmp_path / "corpus", tmp_path / "codec", tmp_path / "tokens")
    (song,) = [*TokenCorpus(tmp_path / "tokens").train, *TokenCorpus(tmp_path / "tokens").held_out]
    assert song.frames == FRAMES // 2
