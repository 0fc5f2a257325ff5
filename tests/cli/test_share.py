from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.cli.main import run
from khala.generation.tagging import tags_of
from khala.music.request import SongRequest

RECORD = {
    "request": SongRequest(prompt="calm", lyrics="[verse]\nSing it", seed=7, title="River").to_dict(),
    "seed": 7,
    "model": {"name": "mini", "digest": "0" * 64},
    "duration": 1.0,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a song, and with what is none."""
    monkeypatch.chdir(tmp_path)
    write_audio("river.flac", np.zeros((2, 44100), np.float32), 44100, tags_of(RECORD))
    write_audio("bare.flac", np.zeros((2, 44100), np.float32), 44100)
    Path("notes.html").write_text("<p>mine</p>")
    Path("words.txt").write_text("no song")


def test_a_page_lies_beside_the_song(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["share", "river.flac"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and "river.html" in said.err
    page = Path("river.html").read_text(encoding="utf-8")
    assert "<title>River</title>" in page and "data:audio/mpeg" in page
    assert run(["share", "river.flac", "--audio", "opus"]) == 0, "an older page is replaced"
    assert "data:audio/ogg" in Path("river.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["bare.flac"], "does not say how it was made"),
        (["words.txt"], "does not say how it was made"),
        (["missing.flac"], "missing.flac"),
        (["river.flac", "--audio", "wav"], "choose mp3 or opus"),
        (["river.flac", "-o", "river.flac"], "end it with .html"),
        (["river.flac", "-o", "notes.html"], "was not written by khala share; choose another --output"),
        (["river.flac", "-o", "nowhere/a.html"], "cannot write"),
    ],
)
def test_what_is_wrong_is_one_line(args: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert run(["share", *args]) == 2
    said = capsys.readouterr()
    assert reason in said.err and said.err.count("\n") == 1 and said.out == ""
    assert {path: path.read_bytes() for path in Path().iterdir()} == before, "nothing is written or lost"
