import asyncio
from collections.abc import Callable

import pytest
from serving import NEW, Service
from starlette.types import Message


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8889", "127.0.0.1:1", "[::1]:8889"])
def test_names_of_this_machine(service: Service, host: str) -> None:
    assert service.client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8889", "localhost.evil.example", "", "[::1", "127.0.0.1.nip.io"]
)
def test_a_name_that_was_made_to_point_here_reaches_nothing(service: Service, host: str) -> None:
    for path in ("/healthz", "/", "/api/v1/songs", "/metrics"):
        answer = service.client.get(path, headers={"Host": host})
        assert answer.status_code == 421 and answer.json()["status"] == 421


def test_a_name_may_be_allowed(serve: Callable[..., Service]) -> None:
    service = serve(allowed_hosts=["songs.example"])
    assert service.client.get("/healthz", headers={"Host": "songs.example:443"}).status_code == 200
    assert service.client.get("/healthz", headers={"Host": "other.example"}).status_code == 421


def test_other_sites_change_nothing(service: Service) -> None:
    song = service.ask()
    cross = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for method, path in (
        ("POST", "/api/v1/songs"),
        ("POST", f"/api/v1/songs/{song['id']}/cancel"),
        ("POST", "/generate"),
    ):
        assert service.client.request(method, path, json=NEW, headers=cross).status_code == 403
    assert service.client.get(f"/api/v1/songs/{song['id']}").json()["state"] == "queued"
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert service.client.post("/api/v1/songs", json=NEW, headers=own).status_code == 202


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_changes_anything_nor_another_name_of_the_same(site: str, service: Service) -> None:
    """same-site is another port of this machine, or another name of one domain: somebody else's page all the same."""
    song = service.ask(title="Mine")
    path, other = f"/api/v1/songs/{song['id']}", {"Sec-Fetch-Site": site, "Origin": "http://localhost:3000"}
    for method, sent in (("POST", "/api/v1/songs"), ("POST", f"{path}/cancel"), ("PATCH", path), ("DELETE", path)):
        answer = service.client.request(method, sent, json={**NEW, "title": "Theirs"}, headers=other)
        assert answer.status_code == 403, (method, sent)
    assert service.client.get(path, headers=other).json() == song
    assert len(service.client.get("/api/v1/songs").json()["songs"]) == 1
    for own in ("same-origin", "none"):  # the studio's own page, and an address that somebody typed
        assert service.client.patch(path, json={"title": "New"}, headers={"Sec-Fetch-Site": own}).status_code == 200


def test_other_origins_read_nothing_unless_allowed(serve: Callable[..., Service]) -> None:
    origin = {"Origin": "https://studio.example"}
    preflight = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    closed, opened = serve(), serve(cors_origins=["https://studio.example"])
    assert "access-control-allow-origin" not in closed.client.get("/api/v1/songs", headers=origin).headers
    assert closed.client.options("/api/v1/songs", headers=preflight).status_code == 405
    allowed = opened.client.options("/api/v1/songs", headers=preflight)
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == origin["Origin"]
    cross = {**origin, "Sec-Fetch-Site": "cross-site"}
    assert opened.client.post("/api/v1/songs", json=NEW, headers=cross).status_code == 202
    other = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert opened.client.post("/api/v1/songs", json=NEW, headers=other).status_code == 403


def test_players_of_an_allowed_origin_may_seek(serve: Callable[..., Service]) -> None:
    origin = {"Origin": "https://player.example"}
    service = serve(cors_origins=[origin["Origin"]])
    path = f"/api/v1/takes/{service.make()['takes'][0]['id']}/audio.flac"
    sent = "authorization,if-none-match,if-range,range"
    for method in ("GET", "HEAD"):
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": sent}
        allowed = service.client.options(path, headers={**origin, **asked})
        assert allowed.status_code == 200 and allowed.headers["access-control-allow-headers"] == sent
        assert method in allowed.headers["access-control-allow-methods"]
    part = service.client.get(path, headers={**origin, "Range": "bytes=0-99"})
    exposed = part.headers["access-control-expose-headers"].lower().split(", ")
    assert part.status_code == 206
    assert {"accept-ranges", "content-range", "content-length", "etag", "content-disposition"} <= set(exposed)
    other = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    assert service.client.options(path, headers=other).status_code == 400


def test_a_form_of_another_page_is_not_json(service: Service) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = service.client.post("/api/v1/songs", content='{"tags": ["folk"]}', headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert not service.client.get("/api/v1/songs").json()["songs"]


def test_bodies_have_a_limit_told_or_not(service: Service) -> None:
    big = b'{"title": "' + b"x" * 300_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    assert service.client.post("/api/v1/songs", content=big, headers=headers).status_code == 413
    chunks = (big[start : start + 10_000] for start in range(0, len(big), 10_000))
    answer = service.client.post("/api/v1/songs", content=chunks, headers=headers)
    assert answer.status_code == 413 and answer.json()["type"] == "/api/docs#too-large"


def chunked(service: Service, chunks: list[bytes]) -> int:
    """The status of an answer to a body that comes in such chunks, its length not told. (A test client joins them.)"""
    left, sent = list(chunks), list[Message]()

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    head = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"}
    scope |= {"path": "/api/v1/songs", "raw_path": b"/api/v1/songs", "query_string": b"", "root_path": ""}
    asyncio.run(service.app({**scope, "headers": head, "client": ("127.0.0.1", 1)}, receive, send))
    return int(sent[0]["status"])


def test_a_body_in_chunks_is_bounded_as_a_whole(serve: Callable[..., Service]) -> None:
    service = serve(max_body=2000)
    body = b'{"tags": ["folk"], "instrumental": true, "duration": 5, "title": "%s"' + b" " * 800
    small = [body % b"Small", b" " * 800, b"}"]
    assert max(map(len, small)) < 1000 and 1500 < sum(map(len, small)) <= 2000
    assert chunked(service, small) == 202
    large = [body % b"Large", *[b" " * 800] * 2, b"}"]
    assert sum(map(len, large)) > 2000
    assert chunked(service, large) == 413
    assert [song["title"] for song in service.client.get("/api/v1/songs").json()["songs"]] == ["Small"]


def test_every_answer_keeps_browsers_in_bounds(service: Service) -> None:
    for path in ("/api/v1/songs", "/api/docs", "/nowhere", "/healthz"):
        headers = service.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
