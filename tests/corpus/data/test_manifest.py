import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.corpus.data.manifest import CorpusError, json_path, read_corpus, read_song


def test_a_stored_song_is_read_back(tmp_path: Path, store) -> None:
    path = store(tmp_path, 1234)
    assert path == tmp_path / "00001" / "song-1234.json"
    song = read_song(path)
    assert (song.seed, song.style, song.vocal, song.tags) == (1234, "pop", "female", ("pop", "female vocals"))
    assert song.frames == 320 and song.duration == pytest.approx(320 * 2048 / 44100, abs=1e-4)
    samples, rate = soundfile.read(song.audio)
    assert rate == 44100 and samples.shape == (320 * 2048, 2) and np.allclose(samples, 0.25)
    assert soundfile.info(song.audio).subtype == "PCM_16"
    assert sorted(file.name for file in path.parent.iterdir()) == ["song-1234.flac", "song-1234.json"]


def test_songs_come_by_seed_and_audio_without_json_is_none(tmp_path: Path, store) -> None:
    for seed in (1000, 20, 3):
        store(tmp_path, seed)
    json_path(tmp_path, 4).with_suffix(".flac").touch()
    assert [song.seed for song in read_corpus(tmp_path)] == [3, 20, 1000]


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no songs; make some with: khala corpus synth"):
        read_corpus(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"seed": 3}', json.dumps({"generator": 1, "seed": 3, "tags": []})])
def test_a_broken_description_is_named(tmp_path: Path, text: str, store) -> None:
    path = store(tmp_path, 3)
    path.write_text(text)
    with pytest.raises(CorpusError, match=r"song-3\.json does not describe a song"):
        read_song(path)
