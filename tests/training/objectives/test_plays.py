"""Songs as often as they are long, read from disk when it is their turn."""

from pathlib import Path

import pytest

from khala.corpus.data.songs import SongList, TokenCorpus
from khala.training.objectives.plays import Plays


@pytest.mark.parametrize("max_frames", [15, 60, 1000])
def test_long_songs_come_as_often_as_they_have_windows(tokens: Path, max_frames: int) -> None:
    songs = TokenCorpus(tokens).train
    assert isinstance(songs, SongList)
    expected = [
        (song, f"{song.name} {begin}" if begin else song.name)
        for song in songs
        for begin in range(0, song.frames, max_frames)
    ]
    for plays in (Plays(songs, max_frames), Plays(list(songs), max_frames)):
        assert [plays[number] for number in range(len(plays))] == expected
        assert plays.frames_P.tolist() == [song.frames for song, _ in expected]
        assert plays.text_bounds_P.tolist() == [song.text_bound for song, _ in expected]
        assert plays.lyrics_bytes_P.tolist() == [len(song.lyrics.encode()) for song, _ in expected]
        with pytest.raises(IndexError):
            plays[len(plays)]
