import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.audio.files import write_audio
from khala.cli.main import run


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A click track of 100 BPM whose sidecar asks for 100 BPM and no voice."""
    rate = 44100
    samples = np.random.default_rng(0).normal(size=(2, 12 * rate)).astype(np.float32) * 1e-3
    for beat in range(20):
        start = round(beat * 0.6 * rate)
        samples[:, start : start + 3000] += 0.5 * np.exp(-np.arange(3000) / 500, dtype=np.float32)
    request = {"prompt": "", "tags": ["100 bpm"], "lyrics": "", "instrumental": True}
    (tmp_path / "clicks.json").write_text(json.dumps({"request": request}))
    return write_audio(tmp_path / "clicks.wav", samples, rate)


def test_a_table_and_what_passed(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(song)]) == 0
    said = capsys.readouterr()
    table = said.out.splitlines()
    assert table[0].split()[:3] == ["seconds", "bpm", "asked"]
    assert table[1].split()[:3] == ["12.0", "100.0", "100.0"] and table[1].endswith(str(song))
    assert "tempo as asked: 1 of 1 (100%)" in table
    assert said.err == ""


def test_json_holds_records_and_summary(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(song.parent), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [record["file"] for record in report["songs"]] == [str(song)]
    assert report["summary"]["tempo"] == {"passed": 1, "of": 1}


def test_a_page_is_written_whole(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "pages" / "report.html"
    target.parent.mkdir()
    assert run(["evaluate", str(song), "--html", str(target)]) == 0
    text = target.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and 'src="../clicks.wav"' in text and text.endswith("</html>\n")
    assert str(target) in capsys.readouterr().err
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_a_page_replaces_an_older_one_and_nothing_else(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(["evaluate", str(song), "--html", str(tmp_path / "report.html")]) == 0
    capsys.readouterr()
    before = song.read_bytes()
    for target, reason in (song, "it exists"), (tmp_path, "directory"), (tmp_path / "none" / "a.html", "No such"):
        assert run(["evaluate", str(song), "--html", str(target)]) == 2
        said = capsys.readouterr()
        assert said.out == "" and len(said.err.splitlines()) == 1 and reason in said.err
    assert song.read_bytes() == before


def test_a_recogniser_that_is_none_is_one_line(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(song), "--recogniser", str(song.parent)]) == 2
    said = capsys.readouterr()
    assert "holds no Whisper model" in said.err and len(said.err.splitlines()) == 1 and not said.out


def test_without_a_sidecar_it_says_what_cannot_be_judged(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song.with_suffix(".json").unlink()
    assert run(["evaluate", str(song)]) == 0
    assert "only the sound is judged" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["none.wav", "broken.wav"])
def test_a_file_that_is_no_song_is_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF....")
    assert run(["evaluate", str(tmp_path / name)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_one_bad_file_does_not_end_the_run(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.wav").write_bytes(b"")
    (tmp_path / "._clicks.wav").write_bytes(b"\x00\x05\x16\x07" + bytes(4092))
    (tmp_path / "empty").mkdir()
    call = ["evaluate", str(tmp_path / "gone.wav"), str(tmp_path / "empty"), str(tmp_path)]
    assert run(call) == 2
    said = capsys.readouterr()
    assert "tempo as asked: 1 of 1 (100%)" in said.out and said.out.count("clicks.wav") == 1
    assert [line.split(f"{tmp_path}/")[1].split(";")[0] for line in said.err.splitlines()] == [
        "gone.wav: No such file or directory",
        "empty",
        "bad.wav: it is empty, damaged or in an unknown format",
    ]
    page = tmp_path / "report.html"
    assert run([*call, "--json", "--html", str(page)]) == 2
    said = capsys.readouterr()
    assert [record["file"] for record in json.loads(said.out)["songs"]] == [str(song)]
    assert len(said.err.splitlines()) == 3 and "1 song," in page.read_text(encoding="utf-8")


def test_every_kind_of_file_in_a_folder_is_measured(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples, rate = soundfile.read(song)
    for name in ("a.OGG", "b.aiff", "c.oga"):
        soundfile.write(tmp_path / "kinds.tmp", samples, rate, format="AIFF" if name == "b.aiff" else "OGG")
        (tmp_path / "kinds.tmp").rename(tmp_path / name)
    song.unlink()
    assert run(["evaluate", str(tmp_path), "--json"]) == 0
    songs = json.loads(capsys.readouterr().out)["songs"]
    assert [Path(record["file"]).name for record in songs] == ["a.OGG", "b.aiff", "c.oga"]


def test_beside_the_json_of_others_it_says_what_is_judged(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song.with_suffix(".json").write_text('{"name": "a package"}')
    assert run(["evaluate", str(song)]) == 0
    said = capsys.readouterr()
    assert "1 of 1 (100%)" in said.out
    assert len(said.err.splitlines()) == 1 and "so only the sound of clicks.wav is judged." in said.err


def test_an_ingested_corpus_is_measured(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song.with_suffix(".json").write_text('{"tags": "clicks", "instrumental": true, "bpm": 100}')
    assert run(["corpus", "ingest", str(tmp_path), "--out", str(tmp_path / "corpus"), "--quiet"]) == 0
    assert run(["evaluate", str(tmp_path / "corpus"), "--json"]) == 0
    said = capsys.readouterr()
    (record,) = json.loads(said.out.splitlines()[-1])["songs"]
    assert record["verdicts"].pop("sound") is True and set(record["verdicts"].values()) == {None}
    assert said.err == ""
