"""Songs of token shards: the held-out split, and what is known of their frames."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from khala.conditioning.phone_sequence import PHONE_CONDITIONS, REST, frame_conditions
from khala.corpus.data.songs import TokenCorpus, TokenSong
from khala.music.errors import InvalidRequest

PARTS = ((0, 16, "verse"),)
SUNG = (REST,) * 4 + (1, 1, 2, 2, 3, 3) + (5, 5, 6, 6, 7, 7)
"""Phones of 16 frames: two lines, the second from frame 10 to the end of the song."""


def song_of(number: int) -> TokenSong:
    tags = ("pop", "piano", "bass", "happy", "fast tempo", "120 bpm", "female vocals")
    return TokenSong(
        number, f"song-{number}", 640, tags, "A song.", "[verse]\nla", 30.0, "female", 120.0, "pop", "shard"
    )


def test_one_song_in_fifty_is_held_out_by_its_name() -> None:
    held = [number for number in range(5000) if song_of(number).held_out]
    assert 60 < len(held) < 140
    assert held == [number for number in range(5000) if replace(song_of(number), frames=9, shard="x").held_out]


def test_a_folder_without_tokens_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="khala corpus tokenize"):
        TokenCorpus(tmp_path)


@pytest.fixture
def shards(tmp_path: Path) -> TokenCorpus:
    """Songs 0 to 199, each with the phones `SUNG`."""
    lines = ((4, 10, "verse", "One"), (10, 16, "verse", "Two"))
    songs = [replace(song_of(seed), lines=lines, frames=16, parts=PARTS) for seed in range(200)]
    rows = [{key: value for key, value in asdict(one).items() if key != "shard"} for one in songs]
    (tmp_path / "shard-0000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    phones = {f"phones.{one.seed}": np.array(SUNG, np.uint8) for one in songs}
    save_file(phones, tmp_path / "shard-0000.safetensors")
    return TokenCorpus(tmp_path)


def test_held_out_songs_are_not_trained_on(shards: TokenCorpus) -> None:
    held_out, train = ({one.seed for one in songs} for songs in (shards.held_out, shards.train))
    assert held_out and not held_out & train and held_out | train == set(range(200))


def test_the_conditions_of_an_excerpt_are_those_of_the_whole_song_there(shards: TokenCorpus) -> None:
    one = shards.train[0]
    whole, part = (shards.condition_ids(one, one.outline, begin, 16) for begin in (0, 4))
    assert whole[4:] == part
    assert [tuple(row[-PHONE_CONDITIONS:]) for row in whole] == frame_conditions([*SUNG, REST], [4, 10]), (
        "nobody sings after the end"
    )
