from collections.abc import Callable

import pytest
from serving import NEW, Service

from khala.jobs.records import Role
from khala.music.errors import InvalidRequest
from khala.server.app import create_app
from khala.server.settings import Settings


def key(service: Service, name: str, role: Role = "user") -> dict[str, str]:
    """Headers with a new key of a new owner."""
    _, secret = service.library.owners.create_key(service.library.owners.create(name, role).id)
    return {"Authorization": f"Bearer {secret}"}


def test_without_keys_nobody_needs_one(service: Service) -> None:
    status = service.client.get("/api/v1/status").json()
    assert (status["owner"], status["role"], status["keys"]) == ("local", "admin", False)
    assert service.client.get("/api/v1/status", headers={"Authorization": "Bearer nonsense"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/songs"),
        ("POST", "/api/v1/songs"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/tags"),
        ("GET", "/api/v1/models"),
        ("GET", "/api/v1/status"),
        ("GET", "/metrics"),
        ("POST", "/generate"),
        ("GET", "/status"),
        ("GET", "/tags"),
    ],
)
def test_once_there_is_a_key_everybody_needs_one(service: Service, method: str, path: str) -> None:
    key(service, "alice")
    for headers in (
        {},
        {"Authorization": "Bearer khala_wrong"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ):
        answer = service.client.request(method, path, headers=headers, json=NEW if method == "POST" else None)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert service.client.get("/healthz").status_code == service.client.get("/readyz").status_code == 200


def test_what_belongs_to_somebody_else_does_not_exist(service: Service) -> None:
    alice, bob, admin = key(service, "alice"), key(service, "bob"), key(service, "root", "admin")
    song = service.client.post("/api/v1/songs", json=NEW, headers=alice).json()
    service.work()
    take = song["takes"][0]["id"]
    requests = [
        ("GET", f"/api/v1/songs/{song['id']}"),
        ("PATCH", f"/api/v1/songs/{song['id']}"),
        ("DELETE", f"/api/v1/songs/{song['id']}"),
        ("POST", f"/api/v1/songs/{song['id']}/cancel"),
        ("POST", f"/api/v1/songs/{song['id']}/retry"),
        ("GET", f"/api/v1/songs/{song['id']}/events"),
        ("GET", f"/api/v1/takes/{take}/audio.flac"),
        ("GET", f"/api/v1/takes/{take}/audio.mp3"),
        ("GET", f"/api/v1/takes/{take}/peaks"),
        ("GET", f"/api/v1/takes/{take}/metadata"),
        ("GET", f"/job/{song['id']}"),
        ("GET", f"/job/{song['id']}/track/0/mp3"),
    ]
    absent = "0" * 32
    for method, path in requests:
        body = {"liked": True} if method == "PATCH" else None
        theirs = service.client.request(method, path, headers=bob, json=body)
        nobodys = service.client.request(
            method, path.replace(song["id"], absent).replace(take, absent), headers=bob, json=body
        )
        assert theirs.status_code == 404 and theirs.content == nobodys.content, (method, path)
    assert not service.client.get("/api/v1/songs", headers=bob).json()["songs"]
    assert service.client.get("/api/v1/songs", headers=alice).json()["songs"][0]["state"] == "done"
    assert service.client.get("/api/v1/songs", headers=admin).json()["songs"][0]["id"] == song["id"]
    assert service.client.get(f"/api/v1/takes/{take}/peaks", headers=admin).status_code == 200


def test_only_an_admin_sees_the_metrics(service: Service) -> None:
    assert service.client.get("/metrics", headers=key(service, "alice")).status_code == 403
    assert service.client.get("/metrics", headers=key(service, "root", "admin")).status_code == 200


def test_a_revoked_key_opens_nothing(service: Service) -> None:
    alice = key(service, "alice")
    key(service, "bob")
    assert service.client.get("/api/v1/status", headers=alice).json()["owner"] == "alice"
    service.library.owners.revoke(service.library.owners.keys()[0].id)
    assert service.client.get("/api/v1/status", headers=alice).status_code == 401


def test_a_browser_keeps_its_key_in_a_cookie(service: Service) -> None:
    secret = key(service, "alice")["Authorization"].removeprefix("Bearer ")
    assert service.client.post("/api/v1/session", json={"key": "wrong"}).status_code == 401
    answer = service.client.post("/api/v1/session", json={"key": secret})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 204 and "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie
    assert service.client.get("/api/v1/status").json()["owner"] == "alice"
    service.client.delete("/api/v1/session")
    assert service.client.get("/api/v1/status").status_code == 401


def test_a_server_for_others_does_not_start_without_a_key_by_accident(service: Service) -> None:
    others = Settings(host="0.0.0.0", model=service.settings.model, workers=0)
    with pytest.raises(InvalidRequest, match="khala keys add"):
        create_app(service.library, others)
    with pytest.raises(InvalidRequest, match="khala keys add"):  # a name like an address is a name
        create_app(service.library, others.model_copy(update={"host": "127.0.0.1.example"}))
    create_app(service.library, others.model_copy(update={"open": True}))
    key(service, "alice")
    create_app(service.library, others)


def test_secrets_are_nowhere_to_be_read(serve: Callable[..., Service]) -> None:
    service = serve()
    secret = key(service, "alice")["Authorization"].removeprefix("Bearer ")
    assert secret.encode() not in b"".join(path.read_bytes() for path in service.folder.glob("khala.sqlite*"))
