"""Requests are repeated where that helps and does no harm."""

from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from serving import Service

from khala.client import Client, verbs
from khala.client.calls import RETRY_SECONDS, Call, Outcome, Pause, ask
from khala.client.refusals import ServiceError
from khala.music.errors import KhalaError, ModelError, TooMany

REQUEST = httpx2.Request("GET", "http://somewhere:81/api/v1/songs")
LOST = httpx2.ReadError("lost", request=REQUEST)
REFUSED = httpx2.ConnectError("refused", request=REQUEST)
FULL = httpx2.Response(503, json={"detail": "the disk is full", "kind": "storage-full"})
GET, SUBMISSION, DELETION = Call("GET", "/songs"), Call.submission("/songs", json={}), Call("DELETE", "/songs/1")


@pytest.mark.parametrize(
    ("call", "outcome", "repeated"),
    [
        (GET, LOST, True),
        (GET, FULL, True),
        (SUBMISSION, LOST, True),
        (SUBMISSION, FULL, True),
        (DELETION, REFUSED, True),
        (DELETION, LOST, False),
        (Call("POST", "/playlists"), LOST, False),
        (GET, httpx2.Response(500), False),
        (SUBMISSION, httpx2.Response(429, json={"detail": "full", "retry_after": 7}), False),
    ],
)
def test_what_is_repeated(call: Call, outcome: Outcome, repeated: bool) -> None:
    steps = ask(call)
    assert steps.send(None) is call
    if not repeated:
        with pytest.raises(KhalaError):
            steps.send(outcome)
        return
    assert steps.send(outcome) == Pause(RETRY_SECONDS[0])
    assert steps.send(None) is call, "with the same idempotency key"
    answer = httpx2.Response(200)
    with pytest.raises(StopIteration) as end:
        steps.send(answer)
    assert end.value.value is answer


def test_it_is_given_up_in_the_end() -> None:
    steps = ask(GET)
    for pause in RETRY_SECONDS:
        steps.send(None)
        assert steps.send(REFUSED) == Pause(pause)
    steps.send(None)
    with pytest.raises(
        ServiceError, match=r"no service answers at http://somewhere:81 \(refused\); khala serve starts"
    ):
        steps.send(REFUSED)


def test_a_file_that_came_in_part_begins_anew() -> None:
    steps = ask(Call("GET", "/takes/1/audio.wav", into=(file := BytesIO())))
    steps.send(None)
    file.write(b"half of it")
    steps.send(LOST)
    steps.send(None)
    assert file.tell() == 0 and file.getvalue() == b""


def test_a_song_whose_answer_was_lost_is_made_once(service: Service, url: str) -> None:
    before = len(service.library.songs(None).songs)
    with Client(url) as client:
        steps = verbs.submit(client, tags="folk", instrumental=True)
        call = steps.send(None)
        first = client._perform(call)
        assert isinstance(first, httpx2.Response)
        steps.send(LOST)
        with pytest.raises(StopIteration) as end:
            steps.send(client._perform(steps.send(None)))
        assert end.value.value.id == first.json()["id"]
        assert len(service.library.songs(None).songs) == before + 1
        client.delete(end.value.value)


def test_refusals_keep_their_kind() -> None:
    def error(answer: httpx2.Response) -> KhalaError:
        steps = ask(Call("POST", "/songs"))
        steps.send(None)
        with pytest.raises(KhalaError) as raised:
            steps.send(answer)
        return raised.value

    too_many = error(httpx2.Response(429, json={"detail": "the queue is full", "kind": "busy", "retry_after": 7}))
    assert isinstance(too_many, TooMany) and too_many.retry_after == 7 and str(too_many) == "the queue is full"
    missing = error(httpx2.Response(422, json={"detail": "there is none", "kind": "model-missing"}))
    assert isinstance(missing, ModelError) and missing.kind == "model-missing"
    proxy = error(httpx2.Response(502, text="<html>Bad gateway"))
    assert isinstance(proxy, ServiceError) and proxy.status == 502 and "status 502" in str(proxy)


def test_keys_and_addresses(tmp_path: Path, singer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(tmp_path, singer)
    _, secret = service.library.owners.create_key(service.library.owners.create("alice").id)
    with service.live() as live:
        monkeypatch.setenv("KHALA_URL", f"http://localhost:{live.port}/")
        with Client() as client, pytest.raises(ServiceError, match="send a key") as refused:
            client.songs()
        assert refused.value.status == 401
        monkeypatch.setenv("KHALA_KEY", secret)
        with Client() as client:
            assert client.songs().songs == []
    service.library.database.close()
    for address in ("ftp://somewhere", "somewhere:81", "http://"):
        with pytest.raises(KhalaError, match="is no address of a service"):
            Client(address)
