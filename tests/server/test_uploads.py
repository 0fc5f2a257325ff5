"""Uploads: an audio file becomes a song that a worker encodes; what cannot be one is refused in one line."""

import asyncio
import io
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
from serving import RATE, Service
from starlette.types import Message

from khala.jobs.records import SOURCE, Origin


def audio(seconds: float = 8.0, rate: int = RATE, channels: int = 2, format: str = "WAV") -> bytes:
    """A chord of A minor on every half second: 120 BPM."""
    at = np.arange(round(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hertz * at) for hertz in (220.0, 261.63, 329.63)) * np.exp(-8 * (at % 0.5))
    file = io.BytesIO()
    soundfile.write(file, np.repeat(0.1 * chord[:, None], channels, 1), rate, format=format)
    return file.getvalue()


def upload(service: Service, content: bytes, **query: Any) -> dict[str, Any]:
    answer = service.client.post("/api/v1/uploads", content=content, params=query)
    assert answer.status_code == 202, answer.text
    song: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/songs/{song['id']}"
    return song


@pytest.mark.parametrize(("format", "channels"), [("WAV", 2), ("FLAC", 1), ("MP3", 2), ("OGG", 1)])
def test_a_file_becomes_a_song(service: Service, format: str, channels: int) -> None:
    song = upload(service, audio(format=format, channels=channels), title="Mine", tags="folk")
    assert song["derived"] == {"kind": "upload", "parent": None, "start": None, "end": None}
    request = song["request"]
    assert (song["title"], request["instrumental"]) == ("Mine", True)
    assert request["duration"] == pytest.approx(8, abs=0.1)
    assert request["tags"][0] == "folk" and request["tags"][2] in ("A minor", "C major")
    (claim,) = service.claims.claim(1)
    assert claim.origin == Origin() and claim.request.lyrics == ""
    stored = service.library.artifact(None, claim.take_id, f"{SOURCE}audio.flac")
    samples, rate = soundfile.read(io.BytesIO(service.library.store.get(stored)), always_2d=True)
    assert rate == RATE and samples.shape[1] == channels and abs(len(samples) / rate - 8) < 0.1


def test_what_is_said_of_a_file_is_not_estimated(service: Service) -> None:
    song = upload(service, audio(), tags="90 bpm, in D major", lyrics="[verse]\nWords of it")
    assert song["request"]["tags"] == ["90 bpm", "in D major"] and not song["request"]["instrumental"]
    assert song["request"]["lyrics"] == "[verse]\nWords of it"


def test_silence_has_no_tempo(service: Service) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros((RATE * 6, 2)), RATE, format="WAV")
    assert upload(service, file.getvalue())["request"]["tags"] == ["recorded song"]


@pytest.mark.parametrize(
    ("content", "query", "word"),
    [
        (b"", {}, "cannot be read"),
        (b"no audio" * 1000, {}, "cannot be read"),
        (audio(4.0), {}, "duration"),
        (audio(31.0, rate=8000), {}, "30 s"),
        (audio(6.0, channels=3), {}, "3 channels"),
        (audio(6.0, rate=4000), {}, "4000 Hz"),
        (audio(6.0), {"model": "/etc"}, "there is no model"),
        (audio(6.0), {"title": "two\nlines"}, "line break"),
        (audio(6.0), {"title": "x" * 201}, "title"),
    ],
)
def test_what_is_no_song_is_refused_in_one_line(
    service: Service, content: bytes, query: dict[str, str], word: str
) -> None:
    answer = service.client.post("/api/v1/uploads", content=content, params=query)
    detail = answer.json()["detail"]
    assert answer.status_code == 422 and word in detail and "\n" not in detail and "upload.mp3" not in detail
    assert service.client.get("/api/v1/songs").json()["songs"] == [] and service.library.store.song_ids() == []


def test_an_upload_has_limits_of_its_own(serve: Callable[..., Service]) -> None:
    service = serve(max_body=2000, max_upload=600_000)
    assert 1_400_000 > len(audio(6.0)) > 600_000 > len(audio(6.0, channels=1)) > 2000
    upload(service, audio(6.0, channels=1))
    answer = service.client.post("/api/v1/uploads", content=audio(6.0))
    assert answer.status_code == 413 and "600000 bytes" in answer.json()["detail"]
    left, sent = [bytes(250_000)] * 4, list[Message]()

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"}
    scope |= {"path": "/api/v1/uploads", "raw_path": b"/api/v1/uploads", "query_string": b"", "root_path": ""}
    asyncio.run(service.app({**scope, "headers": [(b"host", b"localhost")], "client": ("::1", 1)}, receive, send))
    assert sent[0]["status"] == 413 and len(left) == 1


def test_an_upload_may_take_longer_than_other_requests(serve: Callable[..., Service]) -> None:
    service, content = serve(arrival_timeout=0.3), audio(6.0, rate=8000, channels=1)
    head = f"Host: localhost\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
    for path, status in (("uploads", b"HTTP/1.1 202"), ("songs", b"")):
        with service.live() as live, socket.create_connection(("127.0.0.1", live.port), timeout=60) as connection:
            connection.sendall(b"POST /api/v1/" + path.encode() + b" HTTP/1.1\r\n" + head + content[:1000])
            time.sleep(1.0)
            try:
                connection.sendall(content[1000:])
                answer = connection.recv(1000)
            except ConnectionError:
                answer = b""
        assert answer.startswith(status) and bool(answer) == bool(status)


def test_an_upload_that_takes_too_long_is_ended(serve: Callable[..., Service]) -> None:
    service = serve(arrival_timeout=0.2, upload_timeout=0.5)
    with service.live() as live, socket.create_connection(("127.0.0.1", live.port), timeout=60) as connection:
        connection.sendall(b"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
        assert connection.recv(1000) == b""


def test_a_key_makes_one_upload(service: Service) -> None:
    content, headers = audio(), {"Idempotency-Key": "k"}
    ids = {service.client.post("/api/v1/uploads", content=content, headers=headers).json()["id"] for _ in "ab"}
    assert len(ids) == 1
    assert service.client.post("/api/v1/uploads", content=audio(7.0), headers=headers).status_code == 409
