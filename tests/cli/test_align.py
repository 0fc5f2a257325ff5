import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.cli.main import run


@pytest.fixture
def song(tmp_path: Path, sung: Path) -> Path:
    """A sung song with nothing beside it, and its lyrics in words.txt."""
    (tmp_path / "words.txt").write_text(json.loads(sung.with_suffix(".json").read_text())["lyrics"])
    return Path(shutil.copy(sung, tmp_path / "song.flac"))


@pytest.fixture
def align(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: run(["align", song.name, *args])


WORDS = ("--lyrics-file", "words.txt")


@pytest.mark.parametrize(
    ("format", "start"), [("lrc", "[00:"), ("elrc", "[00:"), ("vtt", "WEBVTT\n"), ("srt", "1\n00:"), ("json", "[\n")]
)
def test_formats_on_stdout_and_in_files(align, format: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert align(*WORDS, "--format", format) == 0
    said = capsys.readouterr()
    assert said.out.startswith(start) and said.err == ""
    assert align(*WORDS, "-o", f"out.{format}") == 0
    assert Path(f"out.{format}").read_text() == said.out and capsys.readouterr() == ("", "")
    assert align(*WORDS, "-o", f"out.{format}") == 0, "an older one is replaced"


def test_lines_that_are_not_heard_are_counted(align, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("words.txt").open("a") as file:
        file.write("\nBicycles of purple plastic\n我们")
    assert align(*WORDS) == 0
    said = capsys.readouterr()
    assert "Bicycles" not in said.out and said.err.startswith("2 of ") and said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "give them with --lyrics-file"),
        ((*WORDS, "--format", "ass"), "--format 'ass' is unknown; choose lrc, elrc"),
        ((*WORDS, "-o", "song.flac"), "has no extension of lyrics"),
        ((*WORDS, "-o", "song.json"), "the name of the song's record"),
        ((*WORDS, "-o", "other.json"), "it holds something else"),
        ((*WORDS, "-o", "folder.lrc"), "it is a folder"),
        ((*WORDS, "-o", "nowhere/a.lrc"), "cannot write"),
        (("--lyrics-file", "empty.txt"), "contains no lyrics; add some\n"),
        (("--lyrics-file", "foreign.txt"), "in English alone"),
    ],
)
def test_bad_input_is_one_line(align, args: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.lrc").mkdir()
    Path("other.json").write_text('{"mine": 1}')
    Path("empty.txt").touch()
    Path("foreign.txt").write_text("[verse]\n你好\n")
    before = sorted(Path().iterdir())
    assert align(*args) == 2
    said = capsys.readouterr()
    assert said.out == "" and reason in said.err and said.err.count("\n") == 1
    assert sorted(Path().iterdir()) == before and Path("other.json").read_text() == '{"mine": 1}'


def test_silence(align, capsys: pytest.CaptureFixture[str]) -> None:
    write_audio(Path("silence.wav"), np.zeros((2, 44100), np.float32), 44100)
    assert run(["align", "silence.wav", *WORDS]) == 2
    assert "none of the lyrics is heard in silence.wav" in capsys.readouterr().err
