"""`khala bench` runs the benchmarks, from a checkout and from an installed package."""

from pathlib import Path

import pytest

from khala.cli import bench
from khala.cli.main import run

ROOT = Path(__file__).parents[2]


def test_songs_are_measured(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "generate", "--runs", "1", "--seconds", "5", "--model", str(model)]) == 0
    rows = capfd.readouterr().out.splitlines()
    number, wall, used, song = rows[2].split()[:4]
    assert number == "1" and float(wall) > 0 and float(used) > 0 and 0 < float(song) <= 6.4
    assert rows[-1].startswith("peak memory ")


def test_what_a_script_refuses_ends_with_its_status(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="3"):
        run(["bench", "generate", "--runs", "1", "--model", "none"])
    assert "khala: there is no model 'none'" in capfd.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run(["bench", "backbone", "--layerz", "3"])
    assert "khala bench backbone: error: unrecognized arguments" in capfd.readouterr().err
    assert run(["bench", "hearts"]) == 2


@pytest.mark.parametrize("what", bench.SCRIPTS)
def test_every_script_is_there_and_tells_its_options(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run(["bench", what, "--help"])
    said = capsys.readouterr().out
    assert said.startswith(f"usage: khala bench {what} ") and "--" in said


def test_an_installed_package_has_them_too_and_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        'build_data["force_include"][str(Path(self.root) / "benchmarks")] = "khala/benchmarks"'
        in (ROOT / "hatch_build.py").read_text()
    )
    assert (
        bench.SCRIPT_FOLDERS[0].name == "benchmarks"
        and bench.SCRIPT_FOLDERS[0].parent == Path(bench.__file__).parents[1]
    )
    monkeypatch.setattr(bench, "SCRIPT_FOLDERS", (tmp_path,))
    assert run(["bench", "service"]) == 1
    (tmp_path / "service.py").write_text("import nonexistent_package\n")
    assert run(["bench", "service"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "khala: the script service.py is missing; fix it: pip install --force-reinstall khala-music",
        "khala: khala bench service requires nonexistent_package; install it: pip install nonexistent_package",
    ]


def test_no_word_measures_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(bench, "measure", lambda *call: asked.append(call))
    assert run(["bench"]) == 0 and run(["bench", "codec", "--runs", "1"]) == 0
    assert asked == [("generate", []), ("codec", ["--runs", "1"])]
