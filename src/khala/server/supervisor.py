"""Worker processes of the server, one per device: restarted when they end, stopped with the server."""

import asyncio
import logging
import os
import signal
import sys
import time
from contextlib import suppress

from khala.server.settings import Settings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
"""Pause before a worker that ended is restarted; doubled each time that it ran for less than STABLE_SECONDS."""
STABLE_SECONDS = 60.0
GRACE_SECONDS = 30.0
"""How long a worker may take to finish or hand back its takes; it needs up to 20 seconds of this."""


def devices(settings: Settings) -> list[str]:
    """Return the device of each worker: the GPUs of --gpus in turn, or "auto"."""
    gpus = [f"cuda:{gpu}" for gpu in settings.gpus]
    number = settings.workers if settings.workers is not None else max(1, len(gpus))
    return [gpus[i % len(gpus)] if gpus else "auto" for i in range(number)]


class Supervisor:
    """Runs a worker process for each of `devices`. Workers stop by themselves if this process is killed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._processes: set[asyncio.subprocess.Process] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start all workers, in the running event loop."""
        self._tasks = [asyncio.create_task(self._keep(device)) for device in devices(self._settings)]

    async def stop(self) -> None:
        """Stop all workers: ask them to end, wait, and kill those that do not end in time."""
        for task in self._tasks:
            task.cancel()
        for process in list(self._processes):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await asyncio.gather(*(process.wait() for process in self._processes))
        except TimeoutError:
            for process in self._processes:
                with suppress(ProcessLookupError):
                    process.kill()

    async def _keep(self, device: str) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            status = await self._run(device)
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - began > STABLE_SECONDS else pause
            log.warning("a worker ended", extra={"device": device, "status": status, "restart_in": pause})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _run(self, device: str) -> int:
        """Run a worker to its end; returns its exit status."""
        process = await asyncio.create_subprocess_exec(
            *self._command(device),
            env=self._environment(device),
            start_new_session=True,  # Ctrl-C goes to the server alone, which then stops the workers
        )
        self._processes.add(process)
        log.info("worker process started", extra={"device": device, "pid": process.pid})
        status = await process.wait()
        self._processes.discard(process)
        return status

    def _command(self, device: str) -> list[str]:
        settings = self._settings
        command = [sys.executable, "-m", "khala", "worker", "--with-parent", "--device", device]
        command += ["--engine", settings.engine, "--runtime-mode", settings.runtime_mode]
        return [*command, "--slots", str(settings.slots)]

    def _environment(self, device: str) -> dict[str, str]:
        """Return the environment of a worker. URLs go here, not on the command line, which every user sees: they may
        hold a password."""
        settings = self._settings
        environment = {**os.environ, "KHALA_DATABASE": settings.database, "KHALA_ARTIFACTS": settings.artifacts}
        workers = len(devices(settings))
        if device == "auto" and workers > 1:  # the threads of several workers would compete for the same cores
            environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
        return environment
