"""Excerpts of songs: whole lines with just their words, instrumentals where nobody sings."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from safetensors.numpy import save_file

from khala.conditioning.phone_sequence import PHONE_CONDITIONS, REST, frame_conditions
from khala.corpus.data.excerpts import excerpt
from khala.corpus.data.frames import sung_lines
from khala.corpus.data.songs import TokenCorpus, TokenSong

LINES = (
    (40, 80, "verse", "The river runs"),
    (84, 130, "verse", "And so do I"),
    (134, 180, "chorus", "Stay with me"),
    (300, 340, "chorus", "(with me)"),
)


def song(lines: tuple[tuple[int, int, str, str], ...] = LINES, voice: str = "female") -> TokenSong:
    return TokenSong(
        seed=1,
        name="song-1",
        frames=400,
        tags=("pop", "female vocals", "fast tempo") if voice else ("pop", "instrumental", "fast tempo"),
        description="A pop song with a woman's voice." if voice else "",
        lyrics="\n".join(line[3] for line in lines),
        duration=400 * 2048 / 44100,
        voice=voice,
        bpm=120.0,
        style="pop",
        shard="shard-0000",
        lines=lines,
    )


@pytest.mark.parametrize("seed", range(60))
def test_an_excerpt_is_asked_for_with_what_is_sung_in_it(seed: int) -> None:
    request, begin, end, lines = excerpt(song(), 128, Random(seed))
    assert 0 <= begin < end <= 400
    inside = [text for low, high, _, text in LINES if low >= begin and high <= end]
    assert not [text for low, high, _, text in LINES if low < end and high > begin and text not in inside], "cut lines"
    assert [line for line in request.lyrics.splitlines() if not line.startswith("[")] == inside
    assert [LINES[number][3] for number in lines] == inside
    assert request.instrumental == (not inside)
    assert not request.instrumental or ("woman" not in request.prompt and "female vocals" not in request.tags)
    assert request.duration == pytest.approx(max((end - begin) * 2048 / 44100, 5.0))


def test_excerpts_come_from_everywhere() -> None:
    found = [excerpt(song(), 128, Random(seed)) for seed in range(200)]
    assert {request.lyrics for request, *_ in found} >= {
        "",
        "[verse]\nThe river runs\nAnd so do I",
        "[verse]\nAnd so do I\n[chorus]\nStay with me",
        "[chorus]\n(with me)",
    }
    assert len({begin for _, begin, *_ in found}) > 20


def test_most_excerpts_of_a_song_are_sung_and_the_others_are_where_nobody_sings_for_long() -> None:
    found = [excerpt(song(), 40, Random(seed)) for seed in range(600)]
    silent = [(begin, end) for request, begin, end, _ in found if request.instrumental]
    assert len(silent) / 600 == pytest.approx(0.2, abs=0.04)
    assert all(begin >= 180 and end <= 300 for begin, end in silent), "its beginning and its end are rests of 2 s"
    assert len(set(silent)) > 40


def test_a_line_of_an_excerpt_may_be_led_in() -> None:
    found = [excerpt(song(), 40, Random(seed)) for seed in range(400)]
    assert {40 - begin for _, begin, _, lines in found if 0 in lines} == set(range(13))


def test_a_line_longer_than_the_excerpt_comes_whole() -> None:
    request, begin, end, _ = excerpt(song(((10, 390, "verse", "Oh"),)), 100, Random(0))
    assert (begin <= 10, end >= 390, request.lyrics) == (True, True, "[verse]\nOh")


def test_any_part_of_an_instrumental_will_do() -> None:
    found = [excerpt(song((), ""), 128, Random(seed)) for seed in range(40)]
    assert all(request.instrumental and end - begin == 128 for request, begin, end, _ in found)
    assert len({begin for _, begin, *_ in found}) > 10


def test_lines_are_where_their_words_are() -> None:
    truth = {
        "sections": [{"name": "verse"}],
        "lines": [{"section": 0, "text": "One two"}, {"section": 0, "text": "Never sung"}],
        "words": [
            {"word": "one", "line": 0, "start": -0.1, "end": 1.0},
            {"word": "two", "line": 0, "start": 1.0, "end": 9.0},
        ],
    }
    assert sung_lines(truth, 100, 21.5) == [(0, 100, "verse", "One two")]


PARTS = ((0, 16, "verse"),)
SUNG = (REST,) * 4 + (1, 1, 2, 2, 3, 3) + (5, 5, 6, 6, 7, 7)
"""What is sung in 16 frames: two lines, the second from frame 10 on, to the song's end."""


@pytest.fixture
def shards(tmp_path: Path) -> TokenCorpus:
    """Songs 0 to 199, each of what is `SUNG`."""
    lines = ((4, 10, "verse", "One"), (10, 16, "verse", "Two"))
    songs = [replace(song(lines), seed=seed, name=f"song-{seed}", frames=16, parts=PARTS) for seed in range(200)]
    rows = [{key: value for key, value in asdict(one).items() if key != "shard"} for one in songs]
    (tmp_path / "shard-0000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    phones = {f"phones.{one.seed}": np.array(SUNG, np.uint8) for one in songs}
    save_file(phones, tmp_path / "shard-0000.safetensors")
    return TokenCorpus(tmp_path)


def test_held_out_songs_are_not_trained_on(shards: TokenCorpus) -> None:
    held_out, train = ({one.seed for one in songs} for songs in (shards.held_out, shards.train))
    assert held_out and not held_out & train and held_out | train == set(range(200))


def test_an_excerpt_is_shown_what_the_whole_song_is_shown_there(shards: TokenCorpus) -> None:
    one = shards.train[0]
    whole, part = (shards.condition_ids(one, one.outline, begin, 16) for begin in (0, 4))
    assert whole[4:] == part
    assert [tuple(row[-PHONE_CONDITIONS:]) for row in whole] == frame_conditions([*SUNG, REST], [4, 10]), (
        "nobody sings after the end"
    )
