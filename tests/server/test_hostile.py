"""What nobody means well by: each is answered with the right refusal, none with a failure, and the server goes on."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from serving import Service

HEAD = b"Host: localhost\r\nConnection: close\r\n"
JSON = HEAD + b"Content-Type: application/json\r\n"


def post(body: bytes, path: bytes = b"/api/v1/songs", head: bytes = JSON) -> bytes:
    return b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (path, head, len(body), body)


def get(path: bytes, head: bytes = HEAD) -> bytes:
    return b"GET %s HTTP/1.1\r\n%s\r\n" % (path, head)


REQUESTS: dict[str, tuple[bytes, int]] = {
    "path traversal": (get(b"/../../../../etc/passwd"), 404),
    "encoded traversal": (get(b"/%2e%2e/%2e%2e/etc/passwd"), 404),
    "traversal out of assets": (get(b"/assets/..%2f..%2f..%2fsettings.py"), 404),
    "traversal for an id": (get(b"/api/v1/takes/..%2F..%2Fkhala.sqlite/audio.flac"), 404),
    "a NUL for an id": (get(b"/api/v1/songs/%00"), 404),
    "a NUL in a search": (get(b"/api/v1/songs?q=%00"), 422),
    "a statement for an id": (get(b"/api/v1/songs/1'%20OR%201=1--"), 404),
    "a statement for a cursor": (get(b"/api/v1/songs?cursor='%20OR%201=1--"), 422),
    "a format that is none": (get(b"/api/v1/takes/%s/audio.exe" % (b"0" * 32)), 404),
    "an id in bad UTF-8": (get(b"/api/v1/songs/%ff%fe"), 404),
    "a search in bad UTF-8": (get(b"/api/v1/songs?q=%ff%fe"), 200),
    "a limit beyond numbers": (get(b"/api/v1/songs?limit=%s" % (b"9" * 5000)), 422),
    "a negative limit": (get(b"/api/v1/songs?limit=-1"), 422),
    "a negative track": (get(b"/job/%s/track/-1/mp3" % (b"0" * 32)), 404),
    "a huge track": (get(b"/job/%s/track/%s/mp3" % (b"0" * 32, b"9" * 5000)), 404),
    "a body in bad UTF-8": (post(b'{"prompt": "\xff\xfe"}'), 400),
    "a body that ends early": (post(b'{"prompt": '), 400),
    "a nest without end": (post(b"[" * 200_000), 400),
    "a list for an object": (post(b"[1, 2]"), 422),
    "nothing": (post(b"null"), 422),
    "numbers beyond numbers": (post(b'{"tags": ["a"], "duration": 1e999}'), 422),
    "not a number": (post(b'{"tags": ["a"], "duration": NaN}'), 422),
    "digits without end": (post(b'{"tags": ["a"], "seed": %s}' % (b"9" * 5000)), 400),
    "wrong types all over": (post(b'{"tags": {"a": 1}, "lyrics": 5, "takes": "x", "sampling": []}'), 422),
    "a model that is a path": (post(b'{"tags": ["a"], "model": "../../etc"}'), 422),
    "a model that is a URL": (post(b'{"tags": ["a"], "model": "http://169.254.169.254/"}'), 422),
    "half a surrogate pair": (post(b'{"prompt": "\\ud800"}'), 422),
    "a body that is too large": (b"POST /api/v1/songs HTTP/1.1\r\n" + JSON + b"Content-Length: 300000\r\n\r\n", 413),
    "a body said to be endless": (
        b"POST /api/v1/songs HTTP/1.1\r\n" + JSON + b"Content-Length: 99999999999\r\n\r\n{}",
        413,
    ),
    "a length that is none": (b"POST /api/v1/songs HTTP/1.1\r\n" + JSON + b"Content-Length: x\r\n\r\n{}", 400),
    "two lengths": (
        b"POST /api/v1/songs HTTP/1.1\r\n" + JSON + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
        400,
    ),
    "length and chunks": (
        b"POST /api/v1/songs HTTP/1.1\r\n" + JSON + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        422,
    ),
    "a form": (post(b"prompt=a", head=HEAD + b"Content-Type: application/x-www-form-urlencoded\r\n"), 415),
    "no type": (post(b'{"prompt": "a"}', head=HEAD), 415),
    "a method that is none": (b"BREW /api/v1/songs HTTP/1.1\r\n" + HEAD + b"\r\n", 405),
    "a method that is not for it": (b"PUT /api/v1/songs HTTP/1.1\r\n" + HEAD + b"\r\n", 405),
    "no host": (b"GET /api/v1/songs HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "another host": (get(b"/api/v1/songs", b"Host: evil.example\r\nConnection: close\r\n"), 421),
    "two hosts": (get(b"/api/v1/songs", b"Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n"), 400),
    "a head that is too large": (get(b"/api/v1/songs", HEAD + b"X: " + b"x" * 33_000 + b"\r\n"), 431),
    "a path that is too long": (get(b"/" + b"x" * 33_000), 431),
    "a header with a line break": (get(b"/api/v1/songs", HEAD + b"X: a\x00b\r\n"), 400),
    "a key in bad bytes": (get(b"/api/v1/songs", HEAD + b"Authorization: Bearer \xff\xfe\r\n"), 200),
    "an idempotency key in bad bytes": (
        post(b'{"tags": ["a"], "instrumental": true, "duration": 5}', head=JSON + b"Idempotency-Key: \x85\r\n"),
        422,
    ),
    "a range without end": (
        get(b"/api/v1/takes/%s/audio.flac" % (b"0" * 32), HEAD + b"Range: bytes=0-" + b"9" * 999 + b"\r\n"),
        404,
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n", 400),
    "an old client's job in a wrong type": (post(b'{"prompt": 5}', b"/generate"), 422),
    "an old client's job of nothing": (post(b"{}", b"/generate"), 422),
    "an old client's job in bad UTF-8": (post(b'{"prompt": "\xff"}', b"/generate"), 400),
    "a renaming to a list": (
        b"PATCH /api/v1/songs/%s HTTP/1.1\r\n" % (b"0" * 32) + JSON + b"Content-Length: 13\r\n\r\n" + b'{"title": []}',
        422,
    ),
}


def test_each_is_answered_with_the_right_refusal(service: Service) -> None:
    with service.live() as live:
        answered = {}
        for name, (sent, _) in REQUESTS.items():
            answer = live.raw(sent)
            answered[name] = int(answer[9:12] or 0)
            assert b"Traceback" not in answer and b"root:" not in answer, name
            assert live.http.get("/healthz").status_code == 200, name
    assert answered == {name: status for name, (_, status) in REQUESTS.items()}
    assert not service.client.get("/api/v1/songs").json()["songs"]


def test_old_routes_refuse_in_the_form_that_their_client_shows(service: Service) -> None:
    for method, path, body in (
        ("POST", "/generate", {"prompt": 5}),
        ("POST", "/generate", []),
        ("GET", f"/job/{'0' * 32}", None),
        ("GET", "/job/x", None),
        ("GET", f"/job/{'0' * 32}/track/0/mp3", None),
        ("GET", f"/job/{'0' * 32}/track/0/exe", None),
        ("DELETE", "/status", None),
    ):
        answer = service.client.request(method, path, json=body)
        assert 400 <= answer.status_code < 500
        assert answer.json()["status"] == "error" and answer.json()["error"]


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n", post(b"{}")[:-1]])
def test_who_never_ends_a_request_is_not_waited_for(serve: Callable[..., Service], sent: bytes) -> None:
    service = serve(arrival_timeout=0.2)
    with service.live() as live, socket.create_connection(("127.0.0.1", live.port), timeout=30) as connection:
        connection.sendall(sent)
        assert _closed(connection)
        assert live.http.get("/healthz").status_code == 200


def test_who_sends_a_byte_at_a_time_is_not_waited_for(serve: Callable[..., Service]) -> None:
    service = serve(arrival_timeout=0.3)
    with service.live() as live, socket.create_connection(("127.0.0.1", live.port), timeout=30) as connection:
        sent = 0
        with suppress(OSError):
            for byte in get(b"/" + b"x" * 1000):
                sent += connection.send(bytes([byte]))
                time.sleep(0.02)
        assert sent < 1000


def test_who_takes_nothing_of_an_answer_is_given_up(serve: Callable[..., Service]) -> None:
    service = serve(send_timeout=0.3)
    song = service.ask(duration=30)
    (claim,) = service.claims.claim(1)
    service.finish(claim, seconds=60.0)
    path = f"/api/v1/takes/{song['takes'][0]['id']}/audio.wav".encode()
    with service.live() as live, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", live.port))
        connection.sendall(get(path))
        connection.settimeout(60)
        connection.recv(1)
        time.sleep(2)
        received = 0
        with pytest.raises(OSError):
            while data := connection.recv(65536):
                received += len(data)
            raise ConnectionResetError if received < 15_000_000 else AssertionError("all of it came")


def _closed(connection: socket.socket) -> bool:
    """Whether the other side ends the connection, with an answer or without."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True
