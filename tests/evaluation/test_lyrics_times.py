"""The words of a file or a take: with the lyrics beside it or others, times that are known and times that are heard."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import khala
from khala.audio.files import read_audio, write_audio
from khala.generation.take import Take
from khala.music.errors import InvalidRequest

LINE = {"line": 1, "text": "Sing", "start": 0.5, "end": 1.0, "sung": True}
REQUEST = {"prompt": "", "tags": ["pop"], "lyrics": "Sing", "instrumental": False}


def recorded(folder: Path, sound: Path, **fields: object) -> Path:
    """A song with a record of Khala's beside it."""
    song = folder / "song.flac"
    shutil.copy(sound, song)
    song.with_suffix(".json").write_text(json.dumps({"request": REQUEST, "seed": 1, "model": {}, **fields}))
    return song


def test_the_truth_of_a_corpus_song_gives_the_words(sung: Path) -> None:
    lines = khala.align(sung)
    assert [line.text for line in lines] == [
        line["text"] for line in json.loads(sung.with_suffix(".json").read_text())["truth"]["lines"]
    ]
    assert all(line.sung for line in lines)


def test_a_record_knows_the_times(tmp_path: Path, played: Path, sung: Path) -> None:
    song = recorded(tmp_path, played, lyrics=[LINE])
    (line,) = khala.align(song)
    assert (line.text, line.start, line.words) == ("Sing", 0.5, ())
    first = json.loads(sung.with_suffix(".json").read_text())["truth"]["lines"][0]["text"]
    (heard,) = khala.align(recorded(tmp_path, sung, lyrics=[LINE]), first)
    assert heard.text == first and heard.words, "other lyrics are listened for"


def test_a_record_without_times_is_listened_to(tmp_path: Path, sung: Path) -> None:
    lyrics = json.loads(sung.with_suffix(".json").read_text())["lyrics"]
    for known in (None, [{**LINE, "start": None, "end": None}]):
        song = recorded(tmp_path, sung, lyrics=known, request={**REQUEST, "lyrics": lyrics})
        assert khala.align(song) == khala.align(sung)
    samples, rate = read_audio(sung)
    take = Take(samples, rate, np.zeros((2, 1), np.int16), {"request": {"lyrics": lyrics}, "lyrics": None})
    assert khala.align(take) == khala.align(sung)
    known = Take(samples, rate, take.codes, {"request": REQUEST, "lyrics": [LINE]})
    assert khala.align(known) == known.lyrics_timed


@pytest.mark.parametrize(
    ("lyrics", "reason"),
    [
        (None, "are not known"),
        ("", "are not known"),
        ("[verse]\n\n[chorus]", "no words to sing"),
        ("你好\n[chorus]\n我们", "in English alone"),
        ("Sing with me until the day", "none of the lyrics is heard"),
    ],
)
@pytest.mark.parametrize("seconds", [0, 6])
def test_nothing_to_align(tmp_path: Path, lyrics: str | None, reason: str, seconds: int) -> None:
    silence = write_audio(tmp_path / "silence.wav", np.zeros((2, 44100 * seconds), np.float32), 44100)
    with pytest.raises(InvalidRequest, match=reason):
        khala.align(silence, lyrics)


def test_what_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    for name in ("empty.wav", "missing.wav"):
        with pytest.raises(InvalidRequest, match="cannot read audio"):
            khala.align(tmp_path / name, "Sing")
