"""`khala generate --like`: a song, or another one, from what a file says of itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from khala.audio.files import ENCODINGS, read_audio, write_audio
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.tagging import read_tags
from khala.cli.like import Machine, changed, machine_like
from khala.cli.main import run
from khala.generation.remake import Remake
from khala.music.errors import InvalidRequest
from khala.music.request import SongRequest

ASKED = ["--tags", "pop, 100 bpm", "--lyrics", "[verse]\nla 雨", "--duration", "5", "--seed", "7", "--title", "Über"]
MADE = Remake(SongRequest(tags=("pop",), lyrics="la", seed=7), "mini", "ab" * 32, "onnx", "cpu", "float32")


@pytest.fixture(scope="module")
def songs(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song in every format, without records beside them; and one, `bare.flac`, without tags."""
    folder = tmp_path_factory.mktemp("songs")
    common = ["--model", str(model), "--device", "cpu", "--dtype", "float32", "--quiet", "--temperature", "0.9"]
    for format in ENCODINGS:
        assert run(["generate", *ASKED, *common, "-o", str(folder / f"a.{format}")]) == 0
    assert run(["generate", *ASKED, *common, "--no-tags", "-o", str(folder / "bare.flac")]) == 0
    for record in folder.glob("*.json"):
        record.unlink()
    return folder


@pytest.fixture
def like(model: Path, songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `khala generate --like SONG` in an empty folder. The model has no name by which a record finds it."""
    monkeypatch.chdir(tmp_path)
    return lambda song, *args: run(["generate", "--like", str(songs / song), "--model", str(model), *args])


@pytest.mark.parametrize("format", ENCODINGS)
def test_a_song_is_made_again_from_its_file(like, songs: Path, tmp_path: Path, format: str) -> None:
    assert like(f"a.{format}", "-o", "again.flac", "--temperature", "0.9", "--quiet") == 0
    samples, _ = read_audio(tmp_path / "again.flac")
    assert np.array_equal(samples, read_audio(songs / "a.flac")[0])
    record = json.loads((tmp_path / "again.json").read_text())
    assert (record["request"]["title"], record["dtype"], record["seed"]) == ("Über", "float32", 7)
    assert (tmp_path / "again.flac").read_bytes() == (songs / "a.flac").read_bytes(), "and so is the file"


def test_what_is_given_replaces_what_the_song_had(like, tmp_path: Path) -> None:
    given = ["--prompt", "slow jazz", "--instrumental", "--duration", "6", "--seed", "8", "--takes", "2"]
    assert like("a.mp3", *given, "--title", "Neu", "--chords", "C | G", "-o", "b.wav", "--quiet") == 0
    request = json.loads((tmp_path / "b-1.json").read_text())["request"]
    assert (request["prompt"], request["tags"], request["lyrics"], request["instrumental"]) == (
        "slow jazz",
        [],
        "",
        True,
    )
    assert (request["duration"], request["seed"], request["takes"], request["title"]) == (6, 8, 2, "Neu")
    assert request["chords"] == "C | G"


def test_no_tags_are_none(like, songs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_tags(songs / "bare.flac") == {}
    assert np.array_equal(read_audio(songs / "bare.flac")[0], read_audio(songs / "a.flac")[0])
    assert like("bare.flac") == 2
    said = capsys.readouterr().err
    assert "bare.flac does not say how it was made" in said and len(said.splitlines()) == 1


def test_a_song_is_not_replaced_by_one_that_is_like_it(
    like, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(songs / "a.flac", tmp_path / "mine.flac")
    before = (tmp_path / "mine.flac").read_bytes()
    assert like(tmp_path / "mine.flac", "--seed", "9", "-o", "mine.flac") == 2
    assert "it is the song to be like; choose another --output" in capsys.readouterr().err
    assert (tmp_path / "mine.flac").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_another_model_is_told(like, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(read_tags(songs / "a.flac")["KHALA_RECORD"])
    record["model"]["digest"] = "0" * 64
    (tmp_path / "r.json").write_text(json.dumps(record))
    assert like(tmp_path / "r.json", "-o", "b.wav") == 0
    assert f"note: the song was made with another model, {record['model']['name']} 000000000000." in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("name", ["../evil", "/etc", "\\\\host\\share", "a/b/c", "~/x", ""])
def test_a_record_opens_no_path(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {"tags": ["pop"], "instrumental": True}
    record = {"request": request, "seed": 1, "model": {"name": name, "digest": ""}}
    tags = Tags({"KHALA_RECORD": json.dumps(record)})
    song = write_audio(tmp_path / "a.flac", np.zeros((2, 9000), np.float32), 44100, tags)
    assert run(["generate", "--like", str(song), "-o", str(tmp_path / "b.wav")]) == 2
    assert "name yours with --model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"lyrics": "oh"}, {"lyrics": "oh"}),
        ({"prompt": "jazz"}, {"prompt": "jazz", "tags": ()}),
        ({"tags": ["jazz"]}, {"tags": ("jazz",)}),
        ({}, {}),
    ],
)
def test_a_request_is_changed(given: dict[str, Any], expected: dict[str, Any]) -> None:
    request = SongRequest(tags=("pop",), lyrics="la", seed=7)
    assert changed(request, given, False) == SongRequest(**{**vars(request), **expected})
    silent = SongRequest(tags=("pop",), instrumental=True, seed=7)
    assert not changed(silent, {"lyrics": "oh"}, False).instrumental
    assert changed(silent, {}, False) == silent


def test_the_machine_of_a_song_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    assert machine_like(MADE, {}, notes.append) == Machine("mini", "onnx", "cpu", "float32")
    assert machine_like(MADE, {"model": "x"}, notes.append) == Machine("x", "onnx", "cpu", "float32")
    assert machine_like(MADE, {"dtype": "bfloat16"}, notes.append) == Machine("mini", "auto", "auto", "bfloat16")
    assert notes == []
    monkeypatch.setattr("khala.engine.opening.torch_is_installed", lambda: False)
    far = Remake(MADE.request, "mini", "", "torch", "cuda", "bfloat16")
    assert machine_like(far, {}, notes.append) == Machine()
    assert len(notes) == 1 and notes[0].startswith("the song was made by torch on cuda in bfloat16, and this one will")


@pytest.mark.parametrize("changes", [{"engine": "abacus"}, {"device": "x" * 99}, {"dtype": "int4"}])
def test_machines_that_nobody_has_are_refused_or_passed_over(changes: dict[str, str]) -> None:
    try:
        machine_like(Remake(**{**vars(MADE), **changes}), {}, lambda _: None)
    except InvalidRequest as error:
        assert "\n" not in str(error)
