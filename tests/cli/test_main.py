import errno
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from khala import __version__
from khala.cli import main
from khala.cli.errors import report
from khala.music.errors import InvalidRequest, ModelError, StoreError


def test_help_lists_every_verb_without_importing_torch() -> None:
    probe = (
        "import sys; from khala.cli.main import run; status = run(sys.argv[1:]);"
        "heavy = {'torch', 'numpy', 'scipy', 'soundfile', 'rich'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run([sys.executable, "-c", probe, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(verb in done.stdout for verb in main.VERBS)


@pytest.mark.parametrize("verb", main.VERBS)
def test_every_verb_explains_itself_without_importing_torch(verb: str) -> None:
    probe = "import sys; from khala.cli.main import run; s = run(sys.argv[1:]); sys.exit('torch' in sys.modules or s)"
    done = subprocess.run([sys.executable, "-c", probe, verb, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"khala {verb}" in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"khala {__version__}\n"


@pytest.mark.parametrize(
    "args", [["sing"], ["--loud"], ["generate", "--takes", "many"], ["generate", "--seed"], ["models"], ["evaluate"]]
)
def test_wrong_usage_is_one_line_and_status_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(args) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1 and said.err.startswith("khala: ") and "--help" in said.err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequest("no"), 2),
        (StoreError("closed"), 2),
        (ModelError("none"), 3),
        (MemoryError(), 1),
        (OSError(errno.EROFS, "Read-only file system", "runs"), 2),
        (OSError(errno.ENOSPC, "No space left on device"), 2),
    ],
)
def test_errors_become_one_line_and_a_status(error: Exception, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(error) == status
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("verb", ["keys list", "worker", "serve --port 0 --workers 0"])
def test_a_folder_that_cannot_be_written_is_one_line(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "khala-data").write_text("a file where the service's folder would be")
    monkeypatch.chdir(tmp_path)
    assert main.run(verb.split()) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"cannot write the database to {tmp_path}/khala-data: " in said


def test_what_is_echoed_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    report(InvalidRequest("bad \x1b[31m tag \x07"))
    assert capsys.readouterr().err == "khala: bad ?[31m tag ?\n"


def test_a_bug_keeps_its_traceback() -> None:
    for error in ZeroDivisionError(), FileNotFoundError(errno.ENOENT, "No such file or directory", "mini"):
        with pytest.raises(type(error)):
            report(error)


def test_an_interrupt_is_130_and_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()

    @app.command()
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "app", app)
    assert main.run(["--"]) == 130
    assert capsys.readouterr().err == "khala: interrupted\n"
