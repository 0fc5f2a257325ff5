from pathlib import Path

import pytest

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
    (tmp_path / "v1.2").mkdir()
    assert destinations(ONE, tmp_path / "v1.2", None)[0].parent == tmp_path / "v1.2"
    assert not (tmp_path / "new").exists()


def test_a_file_gives_the_format_and_is_numbered_for_several_takes(tmp_path: Path) -> None:
    assert destinations(ONE, tmp_path / "a.flac", None) == [tmp_path / "a.flac"]
    assert destinations(TWO, tmp_path / "a.flac", "flac") == [tmp_path / "a-1.flac", tmp_path / "a-2.flac"]


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("a.txt", None, "no extension that can be written"),
        ("a.flac", "wav", "disagree"),
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
