"""`--lora`, `khala lora` and what `khala finetune` refuses."""

import json
from pathlib import Path

import pytest
from adapters import write_adapter

from khala.cli.main import run
from khala.weights.names import verified_digest

WORDS = ["--tags", "folk", "--instrumental", "--duration", "5", "--seed", "3", "--device", "cpu", "--quiet"]


@pytest.fixture
def home(tmp_path: Path, singer: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KHALA_LORAS", str(tmp_path / "loras"))
    write_adapter(tmp_path / "loras" / "nova", singer, verified_digest(singer), trigger="nova", size=0.4)
    return tmp_path / "loras"


def test_a_song_with_an_adapter_says_so_and_is_made_again(
    home: Path, singer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.flac"
    assert run(["generate", "--model", str(singer), "--lora", "nova:0.8", *WORDS, "-o", str(made), "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["weight"]) for one in record["loras"]] == [("nova", 0.8)]
    assert record["request"]["tags"] == ["nova", "folk"]
    like = ["generate", "--like", str(made), "--model", str(singer), "--quiet", "--json"]
    assert run([*like, "-o", str(tmp_path / "again.flac")]) == 0
    (again,) = json.loads(capsys.readouterr().out)
    assert again["loras"] == record["loras"] and again["request"] == record["request"]
    assert run(["vary", str(made), "--model", str(singer), "--quiet", "--json", "-o", str(tmp_path / "v.flac")]) == 0
    assert json.loads(capsys.readouterr().out)[0]["loras"] == record["loras"]


def test_adapters_are_listed_merged_and_taken_out(
    home: Path, singer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lora", "list"]) == 0
    assert capsys.readouterr().out.startswith("nova: for tiny ")
    merged, base = str(tmp_path / "merged"), str(tmp_path / "base")
    assert run(["lora", "merge", "nova:0.5", "--model", str(singer), "--out", merged]) == 0
    assert run(["lora", "unmerge", merged, "--out", base]) == 0
    assert verified_digest(Path(base)) == verified_digest(singer) != verified_digest(Path(merged))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["generate", "--lora", "none"], "there is no adapter 'none'"),
        (["generate", "--lora", "nova:9"], "choose -2 to 2"),
        (["generate", "--lora", "nova"], "belongs to the model tiny"),  # and not to mini
        (["lora", "unmerge", "mini", "--out", "base"], "not a merged model"),
        (["finetune", "nowhere", "--out", "x", "--rank", "0"], "rank is 0"),
        (["finetune", "nowhere", "--out", "x", "--trigger", "a, b"], "cannot be a tag"),
        (["finetune", "nowhere", "--out", "x", "--run", "work"], "nowhere is no folder"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) in (2, 3)
    error = capsys.readouterr().err
    assert reason in error and len(error.splitlines()) == 1
