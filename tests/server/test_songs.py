import json
from collections.abc import Callable
from datetime import datetime

import pytest
from serving import NEW, Service

from khala.jobs.records import Limits


def test_a_song_is_asked_for_and_made(service: Service) -> None:
    answer = service.client.post("/api/v1/songs", json={**NEW, "takes": 2, "title": "Home"})
    song = answer.json()
    assert answer.status_code == 202 and answer.headers["location"] == f"/api/v1/songs/{song['id']}"
    assert song["state"] == "queued" and song["title"] == "Home" and not song["liked"]
    assert datetime.fromisoformat(song["created"]).utcoffset() is not None
    assert [take["number"] for take in song["takes"]] == [1, 2]
    assert [take["position"] for take in song["takes"]] == [1, 2]
    assert song["takes"][0]["seed"] == song["request"]["seed"]
    assert all(take["seed"] < 2**53 for take in song["takes"])

    service.work(1.5)
    made = service.client.get(f"/api/v1/songs/{song['id']}").json()
    assert made["state"] == "done"
    assert [(take["progress"], take["duration"], take["truncated"]) for take in made["takes"]] == [
        (1.0, 1.5, False)
    ] * 2


def test_what_is_left_out_is_the_models_choice(service: Service) -> None:
    config = service.app.state.context.models.config(service.settings.model)
    request = service.ask(duration=None, sampling={"top_k": 7})["request"]
    assert request["duration"] == config.max_seconds < 60
    assert request["sampling"] == {**vars(config.sampling), "top_k": 7}
    assert request["model"] == service.settings.model
    assert 0 <= request["seed"] < 2**32


def test_the_request_of_a_song_asks_for_the_same_again(service: Service) -> None:
    first = service.ask(
        lyrics="[verse]\nla\n", chords="C G", instrumental=False, takes=2, seed=2**53 - 1, sampling={"temperature": 0.7}
    )
    second = service.client.post("/api/v1/songs", json=first["request"]).json()
    assert second["request"] == first["request"]
    assert [take["seed"] for take in second["takes"]] == [take["seed"] for take in first["takes"]]


def test_tags_may_be_one_text(service: Service) -> None:
    for tags in ("pop, piano", "pop，piano ,", ["pop", "piano"]):
        assert service.ask(tags=tags)["request"]["tags"] == ["pop", "piano"]


def test_what_is_null_counts_as_left_out(service: Service) -> None:
    left_out = service.ask(seed=7)["request"]
    fields = service.app.openapi()["components"]["schemas"]["NewSong"]["properties"]
    assert service.ask(**{**dict.fromkeys(fields), **NEW, "seed": 7})["request"] == left_out
    lyrics = {"lyrics": "[verse]\nla", "prompt": "warm", "tags": None, "instrumental": None}
    asked = service.ask(**lyrics, sampling={"top_k": None})["request"]
    assert (asked["prompt"], asked["tags"], asked["instrumental"]) == ("warm", [], False)
    assert asked["sampling"] == left_out["sampling"]
    assert service.client.post("/api/v1/songs", json=dict.fromkeys(fields)).status_code == 422


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"tags": [], "instrumental": False}, "empty"),
        ({"prompt": "warm"}, "both a prompt and tags"),
        ({"lyrics": "la"}, "instrumental"),
        ({"duration": 31}, "30 s"),
        ({"duration": 4}, "duration"),
        ({"duration": "long"}, "duration"),
        ({"takes": 0}, "takes"),
        ({"takes": 17}, "takes"),
        ({"takes": 1.5}, "takes"),
        ({"takes": True}, "takes"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"model": "/etc"}, "there is no model"),
        ({"model": "../mini"}, "there is no model"),
        ({"sampling": {"top_k": 0}}, "top_k"),
        ({"sampling": {"daring": 1}}, "daring"),
        ({"tags": {"a": 1}}, "body.tags: "),
        ({"tags": ["folk", 5]}, "body.tags.1: "),
        ({"tags": ",".join(map(str, range(51)))}, "body.tags: "),
        ({"tags": ["a, b"]}, "comma"),
        ({"tags": ["x"] * 51}, "tags"),
        ({"title": "a\nb"}, "line break"),
        ({"chords": "C G Xm"}, "'Xm' is not a chord"),
        ({"prompt": "x" * 2001, "tags": []}, "prompt"),
        ({"lyrics": "\x00", "instrumental": False}, "U+0000"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_met_is_refused_in_one_line(service: Service, fields: dict[str, object], word: str) -> None:
    answer = service.client.post("/api/v1/songs", json={**NEW, **fields})
    problem = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["type"], problem["kind"]) == ("/api/docs#invalid", "invalid")
    assert word in problem["detail"] and "\n" not in problem["detail"]
    assert not service.client.get("/api/v1/songs").json()["songs"]


def test_an_idempotency_key_makes_one_song(service: Service) -> None:
    def ask(key: str, **fields: object) -> tuple[int, str]:
        answer = service.client.post("/api/v1/songs", json={**NEW, **fields}, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json().get("id", "")

    first = ask("a")
    assert first[0] == 202 and ask("a") == first and ask("b")[1] != first[1]
    assert ask("a", takes=2) == (409, "")
    assert ask("x" * 301)[0] == 422
    assert len(service.client.get("/api/v1/songs").json()["songs"]) == 2


def test_pages_and_search(service: Service) -> None:
    ids = [service.ask(title=f"song {number}", seed=number)["id"] for number in range(5)]
    first = service.client.get("/api/v1/songs?limit=3").json()
    second = service.client.get("/api/v1/songs", params={"limit": 3, "cursor": first["next"]}).json()
    assert [song["id"] for song in first["songs"] + second["songs"]] == ids[::-1] and second["next"] is None
    found = service.client.get("/api/v1/songs", params={"q": "SONG 3"}).json()
    assert [song["id"] for song in found["songs"]] == [ids[3]]
    assert not service.client.get("/api/v1/songs", params={"q": "100%"}).json()["songs"]


def test_a_song_is_renamed_and_liked(service: Service) -> None:
    path = f"/api/v1/songs/{service.ask(title='old')['id']}"
    assert service.client.patch(path, json={"title": "Neu — 新"}).json()["title"] == "Neu — 新"
    assert service.client.patch(path, json={"liked": True}).json()["liked"] is True
    song = service.client.get(path).json()
    assert (song["title"], song["liked"]) == ("Neu — 新", True)
    assert service.client.patch(path, json={"title": "x" * 201}).status_code == 422
    assert service.client.patch(path, json={"liked": "yes"}).status_code == 422
    assert service.client.patch(path, json={"state": "done"}).status_code == 422


def test_a_song_is_cancelled_and_tried_again(service: Service) -> None:
    path = f"/api/v1/songs/{service.ask(takes=2)['id']}"
    assert service.client.post(f"{path}/retry").status_code == 409
    assert service.client.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert service.work() == 0
    again = service.client.post(f"{path}/retry")
    assert again.status_code == 202 and again.json()["state"] == "queued"
    assert service.work() == 2
    assert service.client.post(f"{path}/cancel").json()["state"] == "done"


def test_a_deleted_song_and_its_files_are_gone(service: Service) -> None:
    song = service.make()
    path = f"/api/v1/songs/{song['id']}"
    assert list((service.folder / "artifacts").rglob("*.flac"))
    answer = service.client.delete(path)
    assert answer.status_code == 204 and not answer.content
    assert service.client.get(path).status_code == service.client.delete(path).status_code == 404
    assert service.client.get(f"/api/v1/takes/{song['takes'][0]['id']}/audio.flac").status_code == 404
    assert not list((service.folder / "artifacts").rglob("*.flac"))


@pytest.mark.parametrize("limits", [Limits(queued=3), Limits(owner_queued=3)])
def test_a_full_queue_says_when_to_come_back(serve: Callable[..., Service], limits: Limits) -> None:
    service = serve(limits=limits)
    service.ask(takes=3)
    answer = service.client.post("/api/v1/songs", json=NEW)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) == answer.json()["retry_after"] > 0
    service.work()
    service.ask(takes=3)


def test_json_that_is_none_is_the_senders_fault(service: Service) -> None:
    for body in (b"{", b"", b"\xff\xfe", b'{"tags": ["\xc3("]}', b"[" * 100_000):
        answer = service.client.post("/api/v1/songs", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), body[:10]
        assert answer.json()["detail"]
    lone = json.dumps({**NEW, "title": "\ud800"})
    assert (
        service.client.post("/api/v1/songs", content=lone, headers={"Content-Type": "application/json"}).status_code
        == 422
    )
