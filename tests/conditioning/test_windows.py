"""Windows of a song: no line is cut, every frame is written once, and each asks for what is sung in it."""

from random import Random

import pytest

from khala.conditioning.windows import (
    LEAD_IN_FRAMES,
    MOST_KEPT_SHARE,
    SongWindow,
    song_windows,
    window_lyrics,
    window_request,
)
from khala.corpus.data.excerpts import window
from khala.corpus.data.songs import TokenSong
from khala.music.request import SongRequest

LINES = [("verse", "The river runs"), ("verse", "And so do I"), ("chorus", "Stay"), ("", "Go"), ("verse", "The sea")]


def lines_of(random: Random, frames: int) -> list[tuple[int, int]]:
    """Lines of 20 to 60 frames, some of them without a rest between."""
    found, at = [], random.randint(0, 80)
    while (end := at + random.randint(20, 60)) < frames:
        found.append((at, end))
        at = end + random.choice((0, 0, 5, 90))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_windows_go_through_the_whole_song_and_cut_no_line(seed: int) -> None:
    random = Random(seed)
    frames = random.randint(100, 3000)
    sung = lines_of(random, frames)
    found = song_windows(sung, frames, 400)
    assert [one.start for one in found] == [0, *(one.stop for one in found[:-1])] and found[-1].stop == frames
    for one, before in zip(found[1:], found[:-1], strict=True):
        assert before.start < one.first + 400 and 100 <= one.start - one.first <= MOST_KEPT_SHARE * 400
    for one in found:
        assert one.first <= one.start < one.stop <= one.first + 400
        assert not [begin for begin, end in sung if begin < one.first < end or begin < one.stop < end]
        inside = [number for number, (begin, end) in enumerate(sung) if one.first <= begin and end <= one.stop]
        assert list(one.lines) == inside


def test_a_window_begins_shortly_before_the_line_that_it_would_cut() -> None:
    (_, second, *_) = song_windows([(0, 90), (100, 150), (190, 260), (300, 395)], 1000, 400)
    assert second == SongWindow(190 - LEAD_IN_FRAMES // 2, 400, 584, range(2, 4))
    (_, second, *_) = song_windows([(100, 190), (190, 260)], 1000, 400)
    assert second.first == 190, "no frame of another line"


def test_a_line_longer_than_a_window_is_cut() -> None:
    found = song_windows([(10, 900)], 1000, 100)
    assert found[-1].stop == 1000 and all(one.stop - one.first <= 100 for one in found)


def test_a_short_song_is_one_window() -> None:
    assert song_windows([(10, 60)], 300, 300) == [SongWindow(0, 0, 300, range(1))]


def test_a_window_is_asked_for_with_its_words() -> None:
    assert window_lyrics(LINES) == "[verse]\nThe river runs\nAnd so do I\n[chorus]\nStay\nGo\n[verse]\nThe sea"
    song = SongRequest(tags=("folk", "female vocals"), lyrics="[verse]\nThe river runs\nAnd so do I", duration=90)
    part = window_request(song, LINES[1:2], 31.5)
    assert (part.lyrics, part.tags, part.duration) == ("[verse]\nAnd so do I", song.tags, 31.5)
    rest = window_request(song, [], 2.0)
    assert rest.instrumental and (rest.lyrics, rest.tags, rest.duration) == ("", ("folk",), 5.0)
    assert window_request(SongRequest(tags=("female vocals",), lyrics="Go"), [], 30).tags == ("instrumental",)
    assert window_request(SongRequest(prompt="a choir", lyrics="Go"), [], 30).prompt == "a choir"
    assert window_request(SongRequest(tags=("choir",), instrumental=True), [], 30).tags == ("choir",)


def test_training_asks_for_windows_alike() -> None:
    """A window that training draws of a song is asked for as one of a request for that song, tags apart."""
    lines = tuple((40 * n, 40 * n + 30, "verse" if n % 8 < 4 else "chorus", f"line {n}") for n in range(20))
    text = "\n".join(line[3] for line in lines)
    song = TokenSong(1, "song-1", 900, ("pop",), "", text, 41.8, "male", 120.0, "pop", "shard-0000", lines)
    whole = SongRequest(tags=("pop",), lyrics=song.lyrics, duration=song.duration)
    for seed in range(20):
        drawn, begin, end, sung = window(song, 400, Random(seed))
        asked = window_request(whole, [line[2:] for line in lines[sung.start : sung.stop]], (end - begin) * 41.8 / 900)
        assert (asked.lyrics, asked.instrumental, asked.duration) == (drawn.lyrics, drawn.instrumental, drawn.duration)
