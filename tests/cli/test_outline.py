"""`khala generate --dry-run`: the song in words, and nothing made."""

from pathlib import Path

import pytest

from khala.cli.main import run
from khala.cli.outline import outline_text
from khala.conditioning.preview import preview
from khala.models import tiny
from khala.music.request import SongRequest

LYRICS = "[intro]\n\n[verse]\nPaper boats along the stream\nCarry half of what we dream\n\n[chorus]\nLet it go\n[outro]"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What `khala generate --dry-run` prints of a folk song, and its notes; it must make nothing."""

    def run_dry(lyrics: str, *more: str) -> tuple[list[str], str]:
        monkeypatch.chdir(tmp_path)
        words = ["--tags", "folk, 92 bpm, female vocals", "--lyrics", lyrics, "--seed", "1"]
        assert run(["generate", "--dry-run", *words, *more]) == 0
        assert list(tmp_path.iterdir()) == []
        said = capsys.readouterr()
        return said.out.splitlines(), said.err

    return run_dry


def test_parts_and_lines_come_in_order_with_times_and_syllables(plan) -> None:
    said, notes = plan(LYRICS, "--duration", "20")
    assert said[0].endswith(" s, folk, 92.29 BPM, 4 beats a bar, any key, female voice") and notes == ""
    assert [row.split()[1] for row in said[1:-1]] == ["intro", "verse", "Paper", "Carry", "chorus", "Let", "outro"]
    times = [row.split()[0] for row in said[1:-1]]
    assert times[0] == "0:00" and times == sorted(times) and times[1] == times[2]
    assert "Paper boats along the stream  7 syllables in " in said[3]
    assert said[-1].startswith("3 lines, 17 syllables, about ")


def test_lines_that_do_not_fit_are_named(plan) -> None:
    said, notes = plan("[verse]\n" + "\n".join(f"We sing along in line {n}" for n in range(1, 13)), "--duration", "10")
    missing = [row for row in said if row.startswith("not sung  ")]
    assert missing and missing[-1] == "not sung  We sing along in line 12"
    assert f"too short for {len(missing)} lines" in notes


def test_an_instrumental_has_parts_alone(plan) -> None:
    said, _ = plan("[inst]", "--duration", "20")
    assert "no vocals" in said[0] and not any("syllable" in row for row in said)


def test_a_model_without_an_outline_lists_lines() -> None:
    config = tiny()
    said = list(outline_text(preview(SongRequest(tags=("pop",), lyrics="[verse]\nla la\nla"), config), 21.5))
    assert said[:2] == ["la la  2 syllables", "la     1 syllable"] and said[2].startswith("2 lines, 3 syllables")
