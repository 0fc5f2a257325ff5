import asyncio
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from khala.server import supervisor
from khala.server.settings import Settings
from khala.server.supervisor import Supervisor, devices


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["auto"]),
        ({"workers": 0}, []),
        ({"workers": 0, "gpus": "0,1"}, []),
        ({"workers": 2}, ["auto", "auto"]),
        ({"gpus": "1"}, ["cuda:1"]),
        ({"gpus": "0, 1"}, ["cuda:0", "cuda:1"]),
        ({"gpus": "0,1", "workers": 3}, ["cuda:0", "cuda:1", "cuda:0"]),
    ],
)
def test_a_worker_for_each_device(settings: dict[str, object], expected: list[str]) -> None:
    assert devices(Settings.model_validate(settings)) == expected


class Fake(Supervisor):
    """Its workers run a line of Python."""

    def __init__(self, code: str, **settings: object) -> None:
        super().__init__(Settings.model_validate(settings))
        self.code = code

    def _command(self, device: str) -> list[str]:
        return [sys.executable, "-c", self.code, device]


def test_a_worker_that_ends_is_started_again_after_ever_longer_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.05)
    log = tmp_path / "log"
    made = Fake(f"import time; open({str(log)!r}, 'a').write(f'{{time.time()}}\\n'); raise SystemExit(3)")

    async def scenario() -> None:
        made.start()
        while not log.exists() or len(log.read_text().splitlines()) < 4:
            await asyncio.sleep(0.05)
        await made.stop()

    asyncio.run(scenario())
    starts = [float(line) for line in log.read_text().splitlines()]
    pauses = [after - before for before, after in pairwise(starts)]
    assert all(pause >= 0.05 * 2**i for i, pause in enumerate(pauses[:3]))


def test_workers_end_with_the_server_and_those_that_do_not_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 1.0)
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    willing = f"""if 1:
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (open({str(ended)!r}, "w"), sys.exit()))
        if sys.argv[1] == "cuda:1": signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open({str(ready)!r} + sys.argv[1], "w")
        time.sleep(600)"""
    made = Fake(willing, gpus="0,1")

    async def scenario() -> list[int | None]:
        made.start()
        while len(list(tmp_path.glob("ready*"))) < 2:
            await asyncio.sleep(0.05)
        processes = list(made._processes)
        await made.stop()
        return sorted(await asyncio.gather(*(process.wait() for process in processes)))

    began = time.monotonic()
    assert asyncio.run(scenario()) == [-9, 0] and ended.exists()
    assert time.monotonic() - began < 300


def test_a_worker_is_told_how_to_compute() -> None:
    command = " ".join(
        Supervisor(Settings(engine="torch-compiled", runtime_mode="one_shot", slots=2))._command("cuda:1")
    )
    assert command.endswith("--device cuda:1 --engine torch-compiled --runtime-mode one_shot --slots 2")
    assert "--engine auto" in " ".join(Supervisor(Settings())._command("auto"))


def test_a_worker_is_told_in_secret_where_its_things_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    url = "postgresql://khala:secret@host/khala"
    made = Supervisor(Settings(database=url, artifacts="s3://songs", workers=2))
    assert "secret" not in " ".join(made._command("auto"))
    told = made._environment("auto")
    assert (told["KHALA_DATABASE"], told["KHALA_ARTIFACTS"]) == (url, "s3://songs")
    assert int(told["OMP_NUM_THREADS"]) >= 1
    assert "OMP_NUM_THREADS" not in Supervisor(Settings(workers=1))._environment("auto")
