import shutil
from pathlib import Path

import pytest

from khala import weights
from khala.cli.main import run


def test_info_checks_the_files_and_describes_the_model(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "info", str(model)]) == 0
    said = capsys.readouterr().out
    assert weights.describe(str(model)).digest in said
    assert "licence          Apache-2.0\npublishing       songs may be published and sold;" in said
    assert "spectral, 8 levels of 16 codes" in said and "# Noise" in said


def test_info_about_a_changed_or_missing_model_is_status_3(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(model, tmp_path / "changed")
    (tmp_path / "changed" / "config.json").write_text("{}")
    for name in ("changed", "missing"):
        assert run(["models", "info", str(tmp_path / name)]) == 3
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_list_shows_every_model_at_hand(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "list_models", lambda: [weights.describe(str(model))])
    assert run(["models", "list"]) == 0
    assert str(model) in capsys.readouterr().out
    monkeypatch.setattr(weights, "list_models", list)
    assert run(["models", "list"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and "no model" in said.err
