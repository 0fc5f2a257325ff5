"""The service behind the tools: one that runs somewhere, or one of their own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

from khala.client import AsyncClient, ServiceError
from khala.music.errors import OutputError

ANNOUNCED = "Khala is running at "
"""What `khala serve` says when it listens, before its address."""


def user_folder() -> Path:
    """Return the folder of the user's songs that belong to no project."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "khala"


class OwnService:
    """`khala serve` on a free port, with its database and files below `folder`. It ends with this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Start it and return its address. Raises OutputError for a folder that cannot be used, ServiceError with what
        it said if it does not start."""
        command = [sys.executable, "-m", "khala", "serve", "--host", "127.0.0.1", "--port", "0", "--with-parent"]
        null, pipe = subprocess.DEVNULL, subprocess.PIPE
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdin=null, stdout=null, stderr=pipe, encoding="utf-8", errors="replace"
            )
        except OSError as error:
            raise OutputError(f"cannot keep songs in {self._folder}: {error.strerror or error}") from error
        said = "nothing"
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith(ANNOUNCED):
                Thread(target=self._pass_on, args=(self._process,), daemon=True).start()
                return line.removeprefix(ANNOUNCED).strip()
            said = line.strip().removeprefix("khala: ")
        raise ServiceError(f"khala serve does not start: {said}")

    def stop(self) -> None:
        """Ask it to end. It hands takes in progress back to its queue, for the next start."""
        if self._process is not None and self.runs:
            self._process.terminate()

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        """Pass the service's log on, so that it never waits for a reader."""
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)


class Service:
    """A client of the service at `url`, or else (None) of one of our own, which starts when it is first needed."""

    def __init__(self, url: str | None, folder: Path) -> None:
        self._url = url
        self._own = OwnService(folder)
        self._client: AsyncClient | None = AsyncClient(url) if url else None
        self._starting = asyncio.Lock()

    async def client(self) -> AsyncClient:
        """Return the client. Raises KhalaError if our own service does not start."""
        async with self._starting:
            if self._client is None or not (self._url or self._own.runs):
                await self._forget()
                self._client = AsyncClient(await asyncio.to_thread(self._own.start))
            return self._client

    async def close(self) -> None:
        """Let go of the service, and end our own."""
        await self._forget()
        self._own.stop()

    async def _forget(self) -> None:
        if self._client is not None:
            await self._client.aclose()
