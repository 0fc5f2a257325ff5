"""Training requests: whole lines with just their words, instrumentals where nobody sings, varied and honest prompts."""

import random
from dataclasses import replace
from random import Random

import pytest

from khala.corpus.data.excerpts import excerpt, vary, window
from khala.corpus.data.songs import TokenSong
from khala.music.request import SongRequest

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


def song_of(number: int) -> TokenSong:
    tags = ("pop", "piano", "bass", "happy", "fast tempo", "120 bpm", "female vocals")
    return TokenSong(
        number, f"song-{number}", 640, tags, "A song.", "[verse]\nla", 30.0, "female", 120.0, "pop", "shard"
    )


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


@pytest.mark.parametrize("seed", range(60))
def test_a_window_is_asked_for_with_what_is_sung_in_it_and_cuts_no_line(seed: int) -> None:
    request, begin, end, lines = window(song(), 200, Random(seed))
    assert 0 <= begin < end <= 400 and end - begin <= 200
    inside = [text for low, high, _, text in LINES if low >= begin and high <= end]
    assert not [text for low, high, _, text in LINES if low < end and high > begin and text not in inside], "cut lines"
    assert [line for line in request.lyrics.splitlines() if not line.startswith("[")] == inside
    assert [LINES[number][3] for number in lines] == inside


def test_windows_come_from_everywhere_and_short_songs_whole() -> None:
    begins = [window(song(), 200, Random(seed))[1] for seed in range(300)]
    assert begins.count(0) / 300 == pytest.approx(0.1, abs=0.06) and len(set(begins)) > 30
    ends = [window(song(), 200, Random(seed))[2] for seed in range(300)]
    assert ends.count(400) > 20
    request, *place = window(song(), 400, Random(1))
    assert place == [0, 400, range(4)] and request == vary(song(), Random(1))
    unknown = replace(song(), lines=())
    assert window(unknown, 200, Random(1))[1:] == (0, 200, range(0)), "its beginning, where no times are known"
