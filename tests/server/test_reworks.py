"""Reworks over HTTP: what is asked for, what is refused in one line, and the tree of versions."""

from pathlib import Path
from typing import Any

import pytest
from serving import Service

from khala.audio.tags.tagging import read_tags
from khala.generation.kept import KeptSong
from khala.generation.tagging import SONG

LYRICS = "[verse]\nOne line of words\nAnother line of words\n[chorus]\nWords that come again"
SUNG = {"lyrics": LYRICS, "instrumental": False, "tags": ["folk"], "title": "Sung", "duration": 8}


@pytest.fixture
def take(service: Service) -> str:
    """The path of a take of eight seconds that is done."""
    service.ask(**SUNG)
    service.work(8.0)
    return f"/api/v1/takes/{service.client.get('/api/v1/songs').json()['songs'][0]['takes'][0]['id']}"


def rework(service: Service, path: str, **fields: Any) -> dict[str, Any]:
    answer = service.client.post(path, json=fields)
    assert answer.status_code == 202, answer.text
    song: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/songs/{song['id']}"
    return song


def test_a_take_is_extended(service: Service, take: str) -> None:
    more = "[chorus]\nWords that follow now"
    song = rework(service, f"{take}/extend", lyrics=more, duration=14, seed=5, takes=2, **{"from": 5.0})
    id = take.rpartition("/")[2]
    assert song["derived"] == {"kind": "extend", "parent": id, "start": 5.0, "end": None}
    assert (song["request"]["duration"], song["request"]["seed"], song["title"]) == (14, 5, "Sung")
    assert song["request"]["lyrics"] == f"[verse]\nOne line of words\nAnother line of words\n\n{more}"
    assert len(song["takes"]) == 2 and song["request"]["tags"] == ["folk"]
    assert service.client.get(f"/api/v1/songs/{song['id']}").json()["derived"] == song["derived"]
    (claim, other) = service.claims.claim(2)
    assert claim.origin == other.origin and claim.origin.rework.start == 5.0


def test_what_is_left_out_of_an_extension_is_the_takes_own(service: Service, take: str) -> None:
    song = rework(service, f"{take}/extend")
    assert song["derived"]["start"] is None and song["request"]["lyrics"] == LYRICS
    assert song["request"]["duration"] == pytest.approx(30, abs=0.1), "the most that the model can make"


def test_a_part_of_a_take_is_edited(service: Service, take: str) -> None:
    changed = LYRICS.replace("Another line", "Some other line")
    song = rework(service, f"{take}/edit", lyrics=changed, candidates=2)
    assert song["request"]["lyrics"] == changed and song["request"]["duration"] == 8
    assert song["derived"] == {"kind": "edit", "parent": take.rpartition("/")[2], "start": None, "end": None}
    (claim,) = service.claims.claim(1)
    assert claim.origin is not None and claim.origin.rework is not None and claim.origin.rework.candidates == 2
    section = rework(service, f"{take}/edit", section="chorus")
    assert section["request"]["lyrics"] == LYRICS
    part = rework(service, f"{take}/edit", start=2, end=4.5)
    assert (part["derived"]["start"], part["derived"]["end"]) == (2, 4.5)


def test_a_take_is_varied(service: Service, take: str) -> None:
    assert rework(service, f"{take}/vary")["derived"]["kind"] == "vary"
    assert rework(service, f"{take}/vary", **{"from": 2})["derived"]["start"] == 2
    first, second = (rework(service, f"{take}/vary", refine=True) for _ in range(2))
    assert first["derived"]["kind"] == "refine" and first["request"]["seed"] != second["request"]["seed"]


@pytest.mark.parametrize(
    ("verb", "fields", "word"),
    [
        ("extend", {"from": 9}, "ends at"),
        ("extend", {"from": -1}, "from"),
        ("extend", {"from": 5, "duration": 5}, "length in all"),
        ("extend", {"duration": 31}, "30 s"),
        ("extend", {"start": 5}, "start"),
        ("extend", {"lyrics": "\x00"}, "U+0000"),
        ("edit", {}, "lyrics are those of the song"),
        ("edit", {"section": "bridge"}, "no section 'bridge'"),
        ("edit", {"section": "chorus:2"}, "no section 'chorus:2'"),
        ("edit", {"section": "chorus", "start": 1}, "both a section and a range"),
        ("edit", {"start": 3, "end": 2}, "before it begins"),
        ("edit", {"end": 12}, "ends at"),
        ("edit", {"section": "chorus", "lyrics": LYRICS.replace("One line", "A line")}, "differs, too"),
        ("edit", {"start": 1, "end": 3, "candidates": 9}, "candidates"),
        ("vary", {"from": 2, "refine": True}, "leave out the start"),
        ("vary", {"takes": 17}, "takes"),
        ("vary", {"lyrics": "la"}, "lyrics"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    service: Service, take: str, verb: str, fields: dict[str, Any], word: str
) -> None:
    answer = service.client.post(f"{take}/{verb}", json=fields)
    problem = answer.json()
    assert answer.status_code == 422 and word in problem["detail"] and "\n" not in problem["detail"]
    assert len(service.client.get("/api/v1/songs").json()["songs"]) == 1


def test_only_finished_takes_of_ones_own_are_reworked(service: Service, take: str) -> None:
    waiting = service.ask()["takes"][0]["id"]
    assert service.client.post(f"/api/v1/takes/{waiting}/vary", json={}).status_code == 409
    assert service.client.post(f"/api/v1/takes/{'0' * 32}/vary", json={}).status_code == 404
    secret = service.library.owners.create_key(service.library.owners.create("other").id)[1]
    headers = {"Authorization": f"Bearer {secret}"}
    assert service.client.post(f"{take}/vary", json={}).status_code == 401
    for answer in (
        service.client.post(f"{take}/vary", json={}, headers=headers),
        service.client.get(f"{take}/versions", headers=headers),
    ):
        assert answer.status_code == 404


def test_codes_of_another_model_are_not_reworked(service: Service) -> None:
    service.digest = "0" * 64
    take = service.make(**SUNG)["takes"][0]["id"]
    answer = service.client.post(f"/api/v1/takes/{take}/vary", json={})
    assert answer.status_code == 422 and "000000000000" in answer.json()["detail"]


def test_a_key_makes_one_rework(service: Service, take: str) -> None:
    ids = {service.client.post(f"{take}/vary", json={}, headers={"Idempotency-Key": "k"}).json()["id"] for _ in "ab"}
    assert len(ids) == 1
    assert service.client.post(f"{take}/vary", json={"from": 1}, headers={"Idempotency-Key": "k"}).status_code == 409


def test_versions_outlive_what_they_were_made_of(service: Service, take: str) -> None:
    root = take.rpartition("/")[2]
    edit = rework(service, f"{take}/edit", start=2, end=4)
    service.work(8.0)
    tree = service.client.get(f"{take}/versions").json()
    child = edit["takes"][0]["id"]
    assert tree["root"] == root and [one["id"] for one in tree["versions"]] == [root, child]
    first, second = tree["versions"]
    assert (first["kind"], first["parent"], first["deleted"], first["state"]) == (None, None, False, "done")
    assert (second["kind"], second["parent"], second["start"], second["end"]) == ("edit", root, 2, 4)
    assert second["song"] == edit["id"] and second["title"] == "Sung" and second["duration"] == 8

    assert service.client.delete(f"/api/v1/songs/{first['song']}").status_code == 204
    assert service.client.get(f"{take}/audio.mp3").status_code == 404
    left = service.client.get(f"/api/v1/takes/{child}/versions").json()
    assert left == {"root": root, "versions": [{**first, "deleted": True}, second]}
    assert service.client.get(f"/api/v1/songs/{edit['id']}").json()["derived"]["parent"] == root


def test_files_can_be_reworked_too(service: Service, take: str, tmp_path: Path) -> None:
    for suffix in ("opus", "mp3?download=true", "wav"):
        file = tmp_path / "song"
        file.write_bytes(service.client.get(f"{take}/audio.{suffix}").content)
        assert KeptSong.from_text(read_tags(file)[SONG]).lines[0] == "One line of words"
