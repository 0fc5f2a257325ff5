import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from khala.cli import main, welcome


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installation with a model, the service and its page, wherever the tests run."""
    page = tmp_path / "server" / "static" / "index.html"
    page.parent.mkdir(parents=True)
    page.touch()
    monkeypatch.setattr(welcome, "files", lambda package: tmp_path)
    return page


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main.run([]) == 0
    return capsys.readouterr().out.splitlines()


def test_without_a_verb_five_lines_say_what_can_be_done_next(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys)
    assert len(lines) == 5 and "The model mini is installed." in lines[0]
    assert max(map(len, lines)) <= 110
    commands = [re.split(r"\s{2,}", line.strip())[0].split() for line in lines[1:]]
    assert [command[:2] for command in commands] == [
        ["khala", verb] for verb in ("generate", "serve", "doctor", "--help")
    ]
    serve = typer.main.get_command(import_module("khala.cli.serve").app)
    assert any(commands[1][2] in parameter.opts for parameter in serve.params)


def test_it_is_said_quickly() -> None:
    probe = (
        "import sys; from khala.cli.main import run; status = run([]);"
        "heavy = {'torch', 'numpy', 'fastapi', 'soundfile', 'rich'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_model_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("khala.weights.names._embedded", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    assert "It cannot yet: there is no model 'mini'" in said(capsys)[0]


def test_a_studio_that_is_not_installed_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(welcome, "find_spec", lambda name: None if name == "dbos" else object())
    line = said(capsys)[2]
    assert 'pip install "khala-music[serve]"' in line and "khala serve" not in line


def test_a_studio_that_is_not_built_is_not_offered(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built.unlink()
    assert "make studio" in said(capsys)[2]
