"""Which songs of a corpus are learned from, and which are held out."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from khala.corpus.data.songs import TokenSong
from khala.music.errors import InvalidRequest
from khala.training.songs import excerpts, find_songs, read_excerpt, read_middle


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


def test_excerpts_are_counted_at_the_rate_at_which_they_are_read(tmp_path: Path) -> None:
    """Half a second of 441 Hz behind half a second of silence: the beginning is where it is at any rate."""
    tone = np.sin(2 * np.pi * 441 * np.arange(22050) / 44100)
    song = tmp_path / "song.flac"
    soundfile.write(song, np.stack([np.concatenate([0 * tone, tone])] * 2, 1) / 2, 44100)
    own, half = read_excerpt(song, 22050, 4410), read_excerpt(song, 11025, 2205, 22050)
    assert own.shape == (2, 4410) and half.shape == (2, 2205)
    assert (own[0, ::2] - half[0])[50:-50].abs().max() < 0.01
    assert torch.equal(read_middle(song, 2, 44100), read_excerpt(song, 0, 44100)), "all of a song that is shorter"
    long = tmp_path / "long.flac"
    soundfile.write(long, np.repeat([[0.0], [0.5], [0.0]], 44100, axis=0), 44100)
    assert read_middle(long, 1, 22050)[0, 100:-100].min() > 0.45
    for frames, rate in ((172, None), (86, 22050)):  # of 256 samples
        firsts = [first for _, first in islice(excerpts([song], 8, 256, np.random.default_rng(1), rate), 400)]
        assert max(firsts) == frames - 8 and min(firsts) == 0
