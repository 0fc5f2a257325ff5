"""Songs to shards: whole or absent, resumable, never by two codecs; the split, prompts and steps made of them."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE
from khala.corpus.data.batches import pack
from khala.corpus.data.excerpts import vary
from khala.corpus.data.frames import NO_CHORD, sung_phones
from khala.corpus.data.shards import codebooks, tokenize
from khala.corpus.data.songs import TokenCorpus, TokenSong
from khala.models.codec.folder import load_codec, save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest
from khala.music.phones import PHONES
from khala.music.request import SongRequest

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
    assert [song.seed for song in sorted(songs.train + songs.held_out, key=lambda song: song.seed)] == [1, 2, 3, 4]
    song = next(song for song in songs.train if song.seed == 4)
    assert (song.frames, song.voice, song.bpm, song.tags) == (FRAMES, "male", 123.0, ("pop", "fast tempo"))
    samples, _ = soundfile.read(corpus / "00000" / "song-4.flac", dtype="float32")
    expected = load_codec(codec).encode(torch.from_numpy(samples.T.copy())[None])[0].numpy()
    np.testing.assert_array_equal(songs.codes(song, 8), expected)
    np.testing.assert_array_equal(songs.codes(song, 3, 5, 4), expected[:3, 5:9])
    assert torch.equal(codebooks(tokens), load_codec(codec).codebooks)


def test_what_is_sung_in_the_middle_of_every_frame() -> None:
    phones = [("ax", 0.05, 0.21), ("s", 0.21, 0.3), ("ey", 0.28, 0.4)]
    truth = {"phones": [{"phone": name, "start": start, "end": end} for name, start, end in phones]}
    names = [*PHONES, ""]
    assert [names[i] for i in sung_phones(truth, True, 6, 10.0)] == ["AX", "AX", "S", "EY", "", ""]
    assert sung_phones({}, False, 3, 10.0).tolist() == [REST] * 3
    assert sung_phones({}, True, 3, 10.0).tolist() == [UNKNOWN_PHONE] * 3


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


def test_a_folder_without_tokens_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="khala corpus tokenize"):
        TokenCorpus(tmp_path)


def song_of(number: int) -> TokenSong:
    tags = ("pop", "piano", "bass", "happy", "fast tempo", "120 bpm", "female vocals")
    return TokenSong(
        number, f"song-{number}", 640, tags, "A song.", "[verse]\nla", 30.0, "female", 120.0, "pop", "shard"
    )


def test_one_song_in_fifty_is_held_out_by_its_name() -> None:
    held = [number for number in range(5000) if song_of(number).held_out]
    assert 60 < len(held) < 140
    assert held == [number for number in range(5000) if replace(song_of(number), frames=9, shard="x").held_out]


def test_prompts_vary_and_stay_honest() -> None:
    dice = random.Random(0)
    requests = [vary(song_of(1), dice) for _ in range(2000)]
    described = [request for request in requests if request.prompt]
    tagged = [request for request in requests if request.tags]
    assert 700 < len(described) < 900 and len(described) + len(tagged) == 2000
    assert all(set(request.tags) <= set(song_of(1).tags) for request in tagged)
    assert len({request.tags for request in tagged}) > 500
    for tag, share in {"fast tempo": 0.9, "120 bpm": 0.9, "female vocals": 0.9, "piano": 0.75, "pop": 0.75}.items():
        assert sum(tag in request.tags for request in tagged) / len(tagged) == pytest.approx(share, abs=0.03)
    assert all(request.lyrics == "[verse]\nla" and not request.instrumental for request in requests)
    silent = vary(replace(song_of(1), voice="", lyrics="[intro]"), dice)
    assert silent.instrumental and silent.lyrics == ""
    assert vary(song_of(1), random.Random(5)) == vary(song_of(1), random.Random(5))
    assert isinstance(requests[0], SongRequest)


def test_steps_hold_every_song_once_and_little_padding() -> None:
    dice = random.Random(1)
    lengths = [dice.randint(600, 2400) for _ in range(1000)]
    steps = pack(lengths, piece=4096, step=8192, random=random.Random(2))
    songs = [number for step in steps for piece in step for number in piece]
    assert len(songs) == len(set(songs)) and len(songs) >= 990
    padded = 0
    for step in steps:
        sizes = [max(lengths[number] for number in piece) * len(piece) for piece in step]
        assert all(size <= 4096 for size in sizes) and 8192 <= sum(sizes) < 8192 + 4096
        padded += sum(sizes)
    assert sum(lengths[number] for number in songs) / padded > 0.97
    assert steps == pack(lengths, piece=4096, step=8192, random=random.Random(2))
    assert pack([10, 5000], piece=100, step=10_000, random=random.Random(0)) != []
    assert pack([], piece=100, step=100, random=random.Random(0)) == []


def test_steps_come_in_no_order_and_in_other_company_every_time() -> None:
    dice = random.Random(1)
    lengths = [dice.randint(100, 1000) for _ in range(1200)]
    epochs = [pack(lengths, piece=1000, step=1000, random=random.Random(seed)) for seed in (2, 3)]
    means = [np.mean([lengths[number] for piece in step for number in piece]) for step in epochs[0]]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2, "not from short songs to long ones"
    first, second = ({tuple(sorted(piece)) for step in steps for piece in step} for steps in epochs)
    shared = [piece for piece in first & second if len(piece) > 1]
    assert len(shared) < 0.1 * len(first)


def test_the_form_of_a_song_is_told_in_frames() -> None:
    truth = {
        **{"frames_per_bar": 40, "beats_per_bar": 4, "key": 9, "mode": "minor"},
        "sections": [{"name": "verse", "start": 0.0, "end": 4.0}, {"name": "chorus", "start": 4.0, "end": 6.0}],
        "chords": [
            {"start": 0.0, "end": 4.0, "root": 9, "quality": "min7"},
            {"start": 4.0, "end": 5.0, "root": 5, "quality": "maj7"},
        ],
    }
    assert form_fields(truth, 20.0) == {
        **{"bar": 40, "beats": 4, "key": 21, "parts": [(0, 80, "verse"), (80, 120, "chorus")]},
        "chords": [(0, 80, 21), (80, 100, 5)],
    }
    assert form_fields({"bpm": 120.0}, 20.0) == {"parts": []}
    lines = ((0, 30, "verse", "a"), (35, 70, "verse", "b"), (78, 110, "chorus", "c"))
    song = TokenSong(
        *(1, "song-1", 120, ("pop",), "", "a\nb\nc", 6.0, "", 120.0, "pop", "shard-0000"),
        **{**form_fields(truth, 20.0), "lines": lines},
    )
    assert song.outline.lines == ((0, 40), (40, 80), (80, 120)), "a line may begin before the bar that it belongs to"
    assert (song.outline.voice, song.outline.key) == ("none", 21)
    assert song.chord_frames(78, 4).tolist() == [21, 21, 5, 5]
    assert set(song.chord_frames(100, 20)) == {NO_CHORD}
    assert set(replace(song, chords=()).chord_frames(0, 20)) == {UNKNOWN_PHONE}
