"""khala extend, edit and vary."""

import json
from pathlib import Path

import pytest

from khala.audio.files import read_audio, write_audio
from khala.cli.main import run

WORDS = ["--tags", "pop, 100 bpm", "--lyrics", "[verse]\nla la\nlo lo", "--duration", "6", "--seed", "7"]


@pytest.fixture
def song(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["generate", "--model", str(model), *WORDS, "-o", "song.flac", "--quiet"]) == 0
    return tmp_path / "song.flac"


def test_each_verb_makes_a_song_of_a_song(
    song: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    its = ["--model", str(model), "--seed", "3", "--json", "--quiet"]
    asked = {
        "extend": ["--lyrics", "[verse]\nli li", "--duration", "9", "--title", "Longer"],
        "edit": ["--range", "0:02-0:03", "--candidates", "1"],
        "vary": ["--from", "3"],
        "refine": ["--refine"],
    }
    for name, more in asked.items():
        verb = "vary" if name == "refine" else name
        assert run([verb, str(song), *more, *its, "-o", f"{name}.flac"]) == 0
        (record,) = json.loads(capsys.readouterr().out)
        assert record["derived"]["kind"] == name and record["derived"]["parent"]["id"] == "song.flac"
        assert record["seed"] == 3 and (tmp_path / f"{name}.flac").exists()
        if name == "extend":
            assert record["request"]["title"] == "Longer" and "li li" in record["request"]["lyrics"]
    old, longer = (read_audio(tmp_path / f"{name}.flac")[0] for name in ("song", "extend"))
    assert longer.shape[1] > old.shape[1]


def test_other_audio_is_encoded(song: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_audio(tmp_path / "other.wav", read_audio(song)[0], 44100)
    capsys.readouterr()
    its = ["--model", str(model), "--seed", "3", "--json", "--quiet", "--tags", "jazz", "-o", "longer.flac"]
    assert run(["extend", "other.wav", "--lyrics", "[verse]\nli li", "--duration", "9", *its]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["derived"]["parent"]["id"] == "other.wav" and record["request"]["tags"][0] == "jazz"
    assert run(["vary", "other.wav", "--model", str(model), "-o", "other.wav"]) == 2  # it would be lost


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["extend", "song.flac", "--from", "x"], "is not a time"),
        (["extend", "song.flac", "--lyrics", "a", "--lyrics-file", "b"], "use only one of them"),
        (["edit", "song.flac"], "the lyrics are those of the song"),
        (["edit", "song.flac", "--range", "3"], "is not a range"),
        (["edit", "song.flac", "--range", "1-2", "--section", "verse"], "use only one of them"),
        (["edit", "song.flac", "--range", "1-2", "-o", "song.flac"], "is the song to be like"),
        (["vary", "song.flac", "--refine", "--from", "1"], "leave out the start"),
        (["vary", "no.wav"], "cannot read no.wav"),
        (["vary", "words.txt"], "cannot read audio from words.txt"),
        (["vary", "song.flac", "--dtype", "int3"], "--dtype"),
        (["vary", "song.flac", "--model", "mini"], "name the one that made it"),
    ],
)
def test_bad_input_is_one_line(
    song: Path, model: Path, args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    song.with_name("words.txt").write_text("la la")
    before = sorted(song.parent.iterdir())
    capsys.readouterr()
    own = [] if "--model" in args else ["--model", str(model)]
    assert run([*args, *own, "--quiet"]) != 0
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and message in said[0]
    assert sorted(song.parent.iterdir()) == before
