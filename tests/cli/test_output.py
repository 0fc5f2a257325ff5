import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.audio.tags.tag_set import Tags
from khala.cli import output
from khala.cli.output import destinations
from khala.music.errors import InvalidRequest, OutputError
from khala.music.request import SongRequest

ONE = SongRequest(tags=("rock", "fast tempo"), seed=7)
TWO = SongRequest(tags=("rock", "fast tempo"), seed=7, takes=2)


def test_takes_are_named_after_slug_seed_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert destinations(TWO, None, None) == [Path("rock-fast-tempo-7-1.wav"), Path("rock-fast-tempo-7-2.wav")]
    assert destinations(ONE, None, "opus") == [Path("rock-fast-tempo-7-1.opus")]


def test_a_folder_holds_named_takes_whether_it_exists_or_not(tmp_path: Path) -> None:
    assert destinations(ONE, tmp_path, "flac") == [tmp_path / "rock-fast-tempo-7-1.flac"]
    assert destinations(ONE, tmp_path / "new" / "songs", None) == [tmp_path / "new/songs/rock-fast-tempo-7-1.wav"]
    for name in ("takes.v2", "Songs Vol. 1", "demo 2026.11.28", "v1.2.wav/", "a.txt/"):
        folder = f"{tmp_path}/{name}"
        assert destinations(ONE, folder, None) == [Path(folder) / "rock-fast-tempo-7-1.wav"]
    (tmp_path / "v1.2").mkdir()
    assert destinations(ONE, tmp_path / "v1.2", None)[0].parent == tmp_path / "v1.2"
    assert not (tmp_path / "new").exists()


def test_a_file_gives_the_format_and_is_numbered_for_several_takes(tmp_path: Path) -> None:
    assert destinations(ONE, tmp_path / "a.flac", None) == [tmp_path / "a.flac"]
    assert destinations(TWO, tmp_path / "a.flac", "flac") == [tmp_path / "a-1.flac", tmp_path / "a-2.flac"]


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("a.txt", None, "an unsupported extension"),
        ("a.OGG", None, "an unsupported extension"),
        ("a.flac", "wav", "contradict each other"),
        ("a", "ogg", "--format 'ogg' is unknown; choose wav, flac, mp3, opus"),
    ],
)
def test_formats_that_cannot_be_written_are_refused(tmp_path: Path, name: str, format: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        destinations(ONE, tmp_path / name, format)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "a.wav").mkdir()
    for place in (tmp_path / "file" / "a.wav", Path("/proc/a.wav"), tmp_path / ("x" * 300 + ".wav")):
        with pytest.raises(OutputError, match="cannot write"):
            destinations(ONE, place, None)
    assert destinations(ONE, tmp_path / "a.wav", None)[0].parent == tmp_path / "a.wav"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_audio(tmp_path / "a.wav", np.zeros((2, 4410), np.float32), 44100)


def test_a_recording_of_somebody_else_is_not_overwritten(recording: Path) -> None:
    (recording.parent / "a.json").write_text('{"request": {}, "seed": 1, "model": {}, "file": "a.flac"}')
    with pytest.raises(OutputError, match=r"a\.wav: it exists and was not made by Khala; move it away"):
        destinations(ONE, recording, None)
    recording.write_text("an older draft")
    with pytest.raises(OutputError, match="was not made by Khala"):
        destinations(ONE, recording, None)


@pytest.mark.parametrize("sign", ["tag", "record", "old record", "nothing in it"])
def test_an_older_song_of_ours_is_overwritten(sign: str, recording: Path) -> None:
    record = {"request": {}, "seed": 1, "model": {}}
    if sign == "tag":
        write_audio(recording, np.zeros((2, 4410), np.float32), 44100, Tags({"ARTIST": "Khala"}))
    elif sign == "nothing in it":  # as mktemp makes it
        recording.write_bytes(b"")
    else:
        record |= {"file": "before it was renamed.wav"} if sign == "record" else {}
        recording.with_suffix(".json").write_text(json.dumps(record))
    assert destinations(ONE, recording, None) == [recording]


def test_a_song_whose_record_has_no_place_is_refused(tmp_path: Path) -> None:
    for name in ("a.json", "a.wav.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(OutputError, match=r"a\.json and a\.wav\.json are something else's"):
        destinations(ONE, tmp_path / "a.wav", None)


def test_a_full_disk_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1_000_000

    monkeypatch.setattr(output.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(OutputError, match=r"up to 19\.9 MB are needed and 1\.0 MB are free"):
        destinations(ONE, tmp_path, None)


def test_the_attempt_leaves_nothing_behind(tmp_path: Path) -> None:
    destinations(TWO, tmp_path, None)
    assert list(tmp_path.iterdir()) == []


def test_every_format_that_can_be_written_has_a_size() -> None:
    from khala.audio.files import ENCODINGS

    assert output.BYTES_PER_SECOND.keys() == ENCODINGS.keys()
