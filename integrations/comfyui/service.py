"""A Khala server over HTTP, with the standard library alone."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

POLL_SECONDS = 0.5
"""How often a song is looked at, and how soon an interruption is noticed."""
TIMEOUT_SECONDS = 60.0
LOCAL = ("127.0.0.1", "localhost", "[::1]")


class KhalaServerError(RuntimeError):
    """What a server said when it refused or failed, or that there is none."""


@dataclass(frozen=True)
class Service:
    """The server at `address`, asked with an API key if there is one."""

    address: str
    key: str = ""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """Return what the server answers to a request of `path` under /api/v1. Raises KhalaServerError."""
        address = self.address.strip().rstrip("/")
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        here = address.partition("//")[2].startswith(LOCAL)
        opener = build_opener(*([ProxyHandler({})] if here else []))  # no proxy leads to this machine
        try:
            request = Request(f"{address}/api/v1{path}", content, headers, method=method)
            with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.read()
        except HTTPError as error:
            raise KhalaServerError(_detail(error)) from None
        except (URLError, OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            message = f"no Khala server answers at {address} ({reason}); start one with: khala serve"
            raise KhalaServerError(message) from None

    def json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the same as JSON values."""
        return json.loads(self.call(method, path, body))

    def make(self, path: str, body: dict[str, Any], tell: Callable[[float], None]) -> "Take":
        """Ask for a song at `path` and return its take when it is done. `tell` hears of the progress, 0..1; if it
        raises, the song is cancelled. Raises KhalaServerError."""
        song = self.json("POST", path, body)
        path = f"/songs/{song['id']}"
        try:
            while (take := song["takes"][0])["state"] in ("queued", "running"):
                tell(take["progress"])
                time.sleep(POLL_SECONDS)
                song = self.json("GET", path)
        except BaseException:
            self.call("POST", f"{path}/cancel")
            raise
        if take["state"] != "done":
            raise KhalaServerError(take["error"] or f"the song was {take['state']}")
        tell(1.0)
        return Take(self, take["id"])


@dataclass(frozen=True)
class Take:
    """A finished take of a server."""

    service: Service
    id: str

    def wav(self) -> bytes:
        """Return the sound: WAV, stereo, 24 bits."""
        return self.service.call("GET", f"/takes/{self.id}/audio.wav?tags=false")

    def lyrics(self, format: str) -> str:
        """Return the lyrics with their times: lrc, elrc, vtt, srt or json."""
        return self.service.call("GET", f"/takes/{self.id}/lyrics.{format}").decode()


def _detail(error: HTTPError) -> str:
    """Return what is wrong in the server's own words, if it is a Khala server."""
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"the server answers {error.code} {error.reason}; is it a Khala server?"
