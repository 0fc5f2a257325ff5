"""Helpers for tests of the server: an app with its own library, and a worker that makes takes of noise."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from starlette.testclient import TestClient

from khala.audio.files import write_audio
from khala.generation.kept import KeptSong
from khala.generation.tagging import tags_of
from khala.jobs.claims import Claim, Claims
from khala.jobs.library import Library
from khala.jobs.records import KEPT, STAGE_SHARES, Limits
from khala.server.app import create_app
from khala.server.serve import listen, make_server
from khala.server.settings import Settings

RATE = 44100
NEW = {"tags": ["folk"], "instrumental": True, "duration": 5}
"""A request for a short song."""


class Service:
    """An app, its library, and a worker that the test controls."""

    def __init__(self, folder: Path, model: Path, limits: Limits | None = None, **settings: Any) -> None:
        self.folder = folder
        self.settings = Settings(**{"model": str(model), "workers": 0, "heartbeat": 600, **settings})
        self.library = Library.open(f"sqlite:///{folder}/khala.sqlite", folder / "artifacts", limits)
        self.app = create_app(self.library, self.settings)
        self.claims = Claims(self.library.database, "here", "cpu")
        self.lyrics: list[dict[str, Any]] | None = None
        """The timed lines in the records of takes."""
        self.digest = ""
        """The digest of the model that made them, if not that of the service."""

    @cached_property
    def client(self) -> TestClient:
        return TestClient(self.app, "http://localhost", raise_server_exceptions=False)

    def ask(self, **fields: Any) -> dict[str, Any]:
        """Submit a song over HTTP."""
        answer = self.client.post("/api/v1/songs", json={**NEW, **fields})
        assert answer.status_code == 202, answer.text
        song: dict[str, Any] = answer.json()
        return song

    def make(self, **fields: Any) -> dict[str, Any]:
        """Submit a song and make all of its takes."""
        song = self.ask(**fields)
        self.work()
        done: dict[str, Any] = self.client.get(f"/api/v1/songs/{song['id']}").json()
        return done

    def work(self, seconds: float = 1.0) -> int:
        """Make all queued takes; returns their number."""
        made = 0
        while claims := self.claims.claim(4):
            for claim in claims:
                self.finish(claim, seconds)
                made += 1
        return made

    def finish(self, claim: Claim, seconds: float = 1.0) -> None:
        """Finish a take as a worker does, with noise as its audio."""
        n = round(seconds * RATE)
        samples = 0.1 * np.random.default_rng(claim.seed).standard_normal((2, n)).astype(np.float32)
        record = {
            "request": claim.request.to_dict(),
            "take": claim.number,
            "seed": claim.seed,
            "model": {"name": claim.model, "digest": "0" * 64, "license": "Apache-2.0"},
            "versions": {"khala": "1.2"},
            "device": "cpu",
            "dtype": "float32",
            "duration": seconds,
            "truncated": False,
            "lyrics": self.lyrics,
        }
        flac = write_audio(self.folder / "made.flac", samples, RATE, tags_of(record, cover=claim.song_id))
        outline = {"duration": seconds, "peaks": [[-0.1, 0.1]] * 8}
        ids = (claim.song_id, claim.take_id)
        frames = round(seconds * RATE / 2048)
        lines = tuple(line for line in claim.request.lyrics.splitlines() if line and line[0] != "[")
        places = tuple((at * frames // len(lines), (at + 1) * frames // len(lines)) for at in range(len(lines)))
        digest = self.digest or self.app.state.context.models.all()[0].digest
        kept = KeptSong(np.zeros((64, frames), np.int16), digest, 0.0, True, lines, places)
        made = [
            self.library.store.put(*ids, KEPT, "application/x-safetensors", kept.to_bytes()),
            self.library.store.put(*ids, "audio.flac", "audio/flac", flac),
            self.library.store.put(*ids, "metadata", "application/json", json.dumps(record).encode()),
            self.library.store.put(*ids, "peaks", "application/json", json.dumps(outline).encode()),
        ]
        self.claims.finish_stage(claim, made, dict.fromkeys(STAGE_SHARES, 0.1), seconds, record)

    @contextlib.contextmanager
    def live(self) -> Iterator["Live"]:
        """The app behind a real socket, in a thread."""
        self.settings.port = 0
        sock = listen(self.settings)
        server = make_server(self.app, self.settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        try:
            yield Live(sock.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


class Live:
    """A client of a live server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)

    def events(self, path: str, last: int | None = None) -> Iterator[dict[str, Any]]:
        """The events of a stream as they come, until it ends."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        with self.http.stream("GET", f"/api/v1{path}", headers=headers) as answer:
            assert answer.status_code == 200, answer.read()
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])

    def raw(self, sent: bytes) -> bytes:
        """What comes back for bytes that need not be HTTP, until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(sent)
            answer = b""
            with contextlib.suppress(ConnectionResetError):  # the rest of what was sent is not even read
                while part := connection.recv(65536):
                    answer += part
            return answer
