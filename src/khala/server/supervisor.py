"""Keeps one worker process per device running: restarted after a while when it ends, stopped with the server."""

import asyncio
import logging
import os
import signal
import sys
import time
from contextlib import suppress

from khala.server.settings import Settings

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a worker that ended is started again; doubled each time that it did not last `LASTING` seconds."""
LASTING = 60.0
GRACE = 30.0
"""Seconds that a worker has to finish or hand back what it is at; it takes up to 20 of them by itself."""


def devices(settings: Settings) -> list[str]:
    """The device of each worker: those of --gpus in turn, or whatever a worker finds by itself."""
    gpus = [f"cuda:{gpu}" for gpu in settings.gpus]
    number = settings.workers if settings.workers is not None else max(1, len(gpus))
    return [gpus[i % len(gpus)] if gpus else "auto" for i in range(number)]


class Supervisor:
    """Worker processes, one for each of `devices`. They stop by themselves should this process be killed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._processes: set[asyncio.subprocess.Process] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start all workers, in the running event loop."""
        self._tasks = [asyncio.create_task(self._keep(device)) for device in devices(self._settings)]

    async def stop(self) -> None:
        """Ask all workers to end, wait until they have, and kill those that do not in time."""
        for task in self._tasks:
            task.cancel()
        for process in list(self._processes):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*(process.wait() for process in self._processes))
        except TimeoutError:
            for process in self._processes:
                with suppress(ProcessLookupError):
                    process.kill()

    async def _keep(self, device: str) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            status = await self._run(device)
            pause = FIRST_PAUSE if time.monotonic() - began > LASTING else pause
            log.warning("a worker ended", extra={"device": device, "status": status, "restart_in": pause})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _run(self, device: str) -> int:
        """Run a worker to its end; returns its exit status."""
        process = await asyncio.create_subprocess_exec(
            *self._command(device),
            env=self._environment(device),
            start_new_session=True,  # Ctrl-C is for the server, which then lets workers end in order
        )
        self._processes.add(process)
        log.info("worker process started", extra={"device": device, "pid": process.pid})
        status = await process.wait()
        self._processes.discard(process)
        return status

    def _command(self, device: str) -> list[str]:
        command = [sys.executable, "-m", "khala", "worker", "--with-parent", "--device", device]
        return [*command, "--runtime-mode", self._settings.runtime_mode, "--slots", str(self._settings.slots)]

    def _environment(self, device: str) -> dict[str, str]:
        """What a worker is not told by its command line, which is for everybody to see: a URL holds a password."""
        settings = self._settings
        told = {**os.environ, "KHALA_DATABASE": settings.database, "KHALA_ARTIFACTS": settings.artifacts}
        workers = len(devices(settings))
        if device == "auto" and workers > 1:  # threads of several workers would compete for the same cores
            told.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
        return told
