"""Standard streams that are closed, full, or of a small encoding."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from khala.cli.main import run


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, env={**os.environ, **environment})


@pytest.mark.parametrize("redirection", ["<&- >&- 2>&-", "2>/dev/full", "2>&1 | true"])
def test_a_song_is_made_though_nobody_listens(redirection: str, model: Path, tmp_path: Path) -> None:
    words = ["generate", "--model", str(model), "--tags", "pop", "--duration", "5", "--seed", "1", "-o", "a.wav"]
    done = shell(f"{shlex.join([sys.executable, '-m', 'khala', *words])} {redirection}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.wav"]


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    probe = (
        "import os; from khala.cli.streams import prepare_streams; prepare_streams();"
        "file = open('a', 'w'); print(file.fileno() > 2, [os.get_inheritable(n) for n in range(3)], file=file)"
    )
    assert shell(f"{shlex.join([sys.executable, '-c', probe])} <&- >&- 2>&-", tmp_path).returncode == 0
    assert (tmp_path / "a").read_text() == "True [True, True, True]\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("latin-1", "Zoë ?".encode("latin-1")), ("ascii", "Zoë 夜".encode())],  # typer takes ASCII for a mistake
)
def test_what_an_encoding_lacks_is_replaced(encoding: str, shown: bytes, tmp_path: Path) -> None:
    keys = shlex.join([sys.executable, "-m", "khala", "keys"])
    assert run(["keys", "add", "Zoë 夜", "--database", f"sqlite:///{tmp_path}/k.sqlite"]) == 0
    done = shell(f"{keys} list --database sqlite:///k.sqlite", tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"  " + shown + b"\n")
