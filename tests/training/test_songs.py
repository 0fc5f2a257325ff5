"""Which songs of a corpus are learned from, and which are held out."""

from pathlib import Path

import pytest

from khala.corpus.data.songs import TokenSong
from khala.music.errors import InvalidRequest
from khala.training.songs import find_songs


def test_songs_are_split_by_name_and_need_their_json(tones: Path, tmp_path: Path) -> None:
    learned, held_out = find_songs(tones)
    assert len(learned) + len(held_out) == 8 and held_out and not set(learned) & set(held_out)
    (tmp_path / "song-1.flac").touch()
    with pytest.raises(InvalidRequest, match="holds 0 songs"):
        find_songs(tmp_path)


def test_the_codec_holds_out_the_songs_that_the_language_models_hold_out(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"song-{number}.json").touch()
    songs = [TokenSong(n, f"song-{n}", 1, (), "", "", 1.0, "", 0.0, "", "") for n in range(300)]
    held_out = {path.stem for path in find_songs(tmp_path)[1]}
    assert held_out == {song.name for song in songs if song.held_out} and len(held_out) > 2
