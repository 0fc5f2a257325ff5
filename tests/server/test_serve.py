"""The whole of it, as somebody runs it: khala serve, a worker of its own, the tiny model."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import soundfile
from service import until
from serving import NEW, Live

from khala.cli import serve
from khala.cli.main import run


@pytest.fixture
def started(tmp_path: Path, singer: Path) -> Iterator[tuple[Any, Live]]:
    """`khala serve` on a free port, and a client of it."""
    command = [sys.executable, "-m", "khala", "serve", "--port", "0", "--model", str(singer)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment())
    assert process.stderr is not None
    first = process.stderr.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)$", first.strip())
    assert found, first
    try:
        yield process, Live(int(found[1]))
    finally:
        process.kill()
        process.wait()


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def test_a_song_from_words_to_sound(started: tuple[Any, Live], tmp_path: Path) -> None:
    process, live = started
    song = live.http.post("/api/v1/songs", json={**NEW, "takes": 2, "seed": 7}).json()
    told = list(live.events(f"/songs/{song['id']}/events"))
    assert [event["event"] for event in told].count("done") == 2
    made = live.http.get(f"/api/v1/songs/{song['id']}").json()
    assert made["state"] == "done"
    for take in made["takes"]:
        mp3 = live.http.get(f"/api/v1/takes/{take['id']}/audio.mp3")
        with soundfile.SoundFile(io.BytesIO(mp3.content)) as file:
            assert file.frames > 0 and file.channels == 2
        assert len(live.http.get(f"/api/v1/takes/{take['id']}/peaks").json()["peaks"]) > 100
        assert live.http.get(f"/api/v1/takes/{take['id']}/metadata").json()["seed"] == take["seed"]
    (worker,) = live.http.get("/api/v1/status").json()["workers"]
    assert worker["takes"] == 0

    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()  # ends when the worker, too, has ended
    assert process.wait() == 0 and "Traceback" not in rest
    lines = [json.loads(line) for line in rest.splitlines()]
    assert {"worker process started", "stage done", "worker ended"} <= {line["message"] for line in lines}
    assert any(line.get("take") == made["takes"][0]["id"] for line in lines)


@pytest.mark.parametrize("option", ["--open-browser", "--browser"])
def test_a_browser_is_shown_the_studio_as_soon_as_it_is_served(option: str, tmp_path: Path, singer: Path) -> None:
    """What plays the browser here is a script, which is answered though it asks at once. `--browser` is the spelling of
    version 0.1."""
    browser = tmp_path / "browser.py"
    browser.write_text("import sys, urllib.request as r; print(r.urlopen(sys.argv[1] + '/healthz').status, flush=True)")
    command = [sys.executable, "-m", "khala", "serve", option, "--port", "0", "--workers", "0"]
    of_it = {**environment(), "BROWSER": f"{sys.executable} {browser} %s"}
    with subprocess.Popen(
        [*command, "--model", str(singer)], cwd=tmp_path, env=of_it, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"200\n"
        finally:
            process.kill()


def test_it_ends_with_the_program_that_started_it(tmp_path: Path, singer: Path) -> None:
    serve = ["-m", "khala", "serve", "--with-parent", "--port", "0", "--workers", "0", "--model", str(singer)]
    program = f"import subprocess, sys; p = subprocess.Popen([sys.executable, *{serve}]); print(p.pid); p.wait()"
    with subprocess.Popen(
        [sys.executable, "-uc", program],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        server, port = int(parent.stdout.readline()), int(parent.stderr.readline().rpartition(":")[2])
        parent.kill()

    def refuses() -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", port)) != 0

    try:
        until(refuses, 100)
    finally:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


def test_where_there_is_no_browser_the_address_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    serve.browse("http://127.0.0.1:8889")
    assert capsys.readouterr().err == "no browser was found; open http://127.0.0.1:8889\n"


def test_the_dispatcher_loads_no_torch(singer: Path, tmp_path: Path) -> None:
    code = f"""if 1:
        import sys
        from khala.jobs.library import Library
        from khala.server.app import create_app
        from khala.server.settings import Settings
        import khala.cli.serve, khala.server.serve
        create_app(Library.open("sqlite:///{tmp_path}/a", "{tmp_path}/b"), Settings(model="{singer}", workers=0))
        sys.exit(bool({{"torch", "scipy", "dbos"}} & set(sys.modules)))"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = run(["serve", *words])
    return status, capsys.readouterr().err


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["--host", "0.0.0.0", "--port", "0"], "khala keys add"),
        (["--host", "256.1.1.1"], "cannot serve at 256.1.1.1"),
        (["--port", "99999"], "--port"),
        (["--workers", "-1"], "--workers"),
        (["--gpus", "a"], "--gpus"),
        (["--runtime-mode", "sometimes"], "--runtime-mode"),
        (["--engine", "tensorrt"], "--engine"),
        (["--database", "mysql://x", "--port", "0"], "database URL"),
        (["--artifacts", "nowhere://x", "--port", "0"], "artifacts URL"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    capsys: pytest.CaptureFixture[str], singer: Path, words: list[str], word: str
) -> None:
    status, said = refused(capsys, "--model", str(singer), *words)
    assert status == 2 and word in said and len(said.splitlines()) == 1


@pytest.mark.usefixtures("elsewhere")
def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str], singer: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        status, said = refused(capsys, "--port", str(other.getsockname()[1]), "--model", str(singer))
    assert status == 2 and "perhaps Khala itself; use that, or choose another --port" in said


@pytest.mark.usefixtures("elsewhere")
def test_a_model_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = refused(capsys, "--port", "0", "--model", "nobody")
    assert status == 3 and "there is no model 'nobody'" in said
