import json
from pathlib import Path

import pytest

from khala.generation.record_file import own_record, place_for_record
from khala.music.errors import OutputError

RECORD = {"request": {}, "seed": 1, "model": {}}


def write(path: Path, **fields: object) -> Path:
    path.write_text(json.dumps(fields))
    return path


def test_a_record_is_called_like_its_audio(tmp_path: Path) -> None:
    assert own_record(tmp_path / "s.wav") is None
    assert place_for_record(tmp_path / "s.wav") == tmp_path / "s.json"
    assert place_for_record(tmp_path / "demo 2026.11.28.wav") == tmp_path / "demo 2026.11.28.json"


@pytest.mark.parametrize("text", ['{"name": "mine"}', "[1]", "not JSON", "", "[" * 100_000, '{"truth": {}}'])
def test_what_is_no_record_stays(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text)
    assert own_record(tmp_path / "s.wav") is None
    assert place_for_record(tmp_path / "s.wav") == tmp_path / "s.wav.json"


def test_two_songs_of_one_name_have_a_record_each(tmp_path: Path) -> None:
    first = write(tmp_path / "s.json", **RECORD, file="s.wav")
    assert (own_record(tmp_path / "s.wav"), own_record(tmp_path / "s.mp3")) == (first, None)
    assert place_for_record(tmp_path / "s.wav") == first
    second = place_for_record(tmp_path / "s.mp3")
    assert second == tmp_path / "s.mp3.json"
    write(second, **RECORD, file="s.mp3")
    first.unlink()
    assert own_record(tmp_path / "s.mp3") == place_for_record(tmp_path / "s.mp3") == second


def test_the_longer_name_may_be_the_record_of_another(tmp_path: Path) -> None:
    write(tmp_path / "s.json", **RECORD, file="s.wav")
    write(tmp_path / "s.mp3.json", **RECORD, file="s.mp3.wav")
    assert own_record(tmp_path / "s.mp3") is None
    with pytest.raises(OutputError, match=r"s\.json and s\.mp3\.json are something else's"):
        place_for_record(tmp_path / "s.mp3")


def test_songs_keep_their_records_when_both_are_renamed(tmp_path: Path) -> None:
    record = write(tmp_path / "new.json", **RECORD, file="old.wav")
    assert own_record(tmp_path / "new.wav") == place_for_record(tmp_path / "new.wav") == record


def test_a_record_that_does_not_say_whose_it_is_belongs_to_the_song_beside_it(tmp_path: Path) -> None:
    record = write(tmp_path / "s.json", **RECORD)
    (tmp_path / "s.wav").write_bytes(b"")
    assert (own_record(tmp_path / "s.wav"), own_record(tmp_path / "s.mp3")) == (record, None)


def test_a_record_is_never_its_own_audio(tmp_path: Path) -> None:
    assert place_for_record(tmp_path / "s.json") == tmp_path / "s.json.json"
