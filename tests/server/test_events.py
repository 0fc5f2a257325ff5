import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from serving import Service

from khala.jobs.claims import StageProgress
from khala.music.errors import StoreError
from khala.server import events


def kinds(told: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in told]


def test_a_song_is_followed_to_its_end(service: Service) -> None:
    song = service.ask(takes=2)
    with service.live() as live:
        stream = live.events(f"/songs/{song['id']}/events")
        first = next(stream)
        assert first["event"] == "song" and first["song"]["id"] == song["id"]
        claim, other = service.claims.claim(2)
        service.claims.heartbeat({(claim.take_id, claim.attempt): StageProgress("superres", 0.5)}, "noise")
        service.finish(claim)
        service.library.update(None, song["id"], title="Named", liked=True)
        service.claims.give_back([other], "test")
        service.work()
        told = list(stream)
    ids = [event["id"] for event in told]
    assert ids == sorted(set(ids)) and ids[0] > first["id"]
    assert kinds(told)[-1] == "done" and kinds(told).count("done") == 2 and "requeued" in kinds(told)
    by_kind = {event["event"]: event for event in told}
    assert by_kind["done"]["duration"] == 1.0 and by_kind["started"]["worker"] == service.claims.worker_id
    assert (by_kind["updated"]["title"], by_kind["updated"]["liked"]) == ("Named", True)


def test_progress_is_of_the_stage_and_of_the_take(service: Service) -> None:
    song = service.ask()
    (claim,) = service.claims.claim(1)
    service.claims.heartbeat({(claim.take_id, claim.attempt): StageProgress("superres", 0.5)}, "noise")
    with service.live() as live:
        stream = live.events(f"/songs/{song['id']}/events", last=0)
        event = next(event for event in stream if event["event"] == "progress")
        stream.close()
    assert (event["stage"], event["stage_progress"], event["progress"]) == ("superres", 0.5, pytest.approx(0.725))
    take = service.client.get(f"/api/v1/songs/{song['id']}").json()["takes"][0]
    assert (take["stage"], take["stage_progress"], take["progress"]) == ("superres", 0.5, pytest.approx(0.725))


def test_what_a_take_waits_for_and_why_it_failed_are_told_by_kind(service: Service) -> None:
    song = service.ask()
    (claim,) = service.claims.claim(1)
    point = StageProgress("decode", 1.0, "No space left on device", "storage-full")
    service.claims.heartbeat({(claim.take_id, claim.attempt): point}, "noise")
    take = service.client.get(f"/api/v1/songs/{song['id']}").json()["takes"][0]
    assert (take["note"], take["note_kind"]) == ("No space left on device", "storage-full")
    service.claims.fail(claim, "there is no model 'x'", "model-missing")
    take = service.client.get(f"/api/v1/songs/{song['id']}").json()["takes"][0]
    assert (take["note_kind"], take["error"], take["error_kind"]) == (None, "there is no model 'x'", "model-missing")
    with service.live() as live:
        by_kind = {event["event"]: event for event in live.events(f"/songs/{song['id']}/events", last=0)}
    assert (by_kind["waiting"]["note"], by_kind["waiting"]["note_kind"]) == ("No space left on device", "storage-full")
    assert by_kind["failed"]["error_kind"] == "model-missing"


def test_a_stream_goes_on_where_it_was_left(service: Service) -> None:
    song = service.make(takes=3)
    path = f"/songs/{song['id']}/events"
    with service.live() as live:
        whole = list(live.events(path, last=0))
        for last in (whole[0]["id"], whole[4]["id"]):
            assert list(live.events(path, last)) == [event for event in whole if event["id"] > last]
        assert live.http.get(f"/api/v1{path}", headers={"Last-Event-ID": str(whole[-1]["id"])}).status_code == 204
        assert live.http.get(f"/api/v1{path}", params={"after": whole[-1]["id"]}).status_code == 204
        (only,) = live.events(path)
    assert only["event"] == "song" and only["song"]["state"] == "done"
    assert kinds(whole).count("done") == 3


def test_all_of_ones_songs_and_nobody_elses(service: Service) -> None:
    with service.live() as live:
        stream = live.events("/events")
        assert next(stream)["event"] == "ready"
        alice = service.library.owners.create("alice")
        _, secret = service.library.owners.create_key(alice.id)
        live.http.headers["Authorization"] = f"Bearer {secret}"
        hers = live.events("/events")
        next(hers)
        local = service.library.submit("local", _request()).id
        song = service.library.submit(alice.id, _request()).id
        assert [next(stream)["song_id"] for _ in range(2)] == [local, song]  # the local owner is an admin
        assert next(hers)["song_id"] == song
        for one in (stream, hers):
            one.close()


def test_what_happens_while_a_stream_is_opened_is_told_once(service: Service) -> None:
    song = service.ask(takes=8)
    worker = threading.Thread(target=service.work)
    with service.live() as live:
        worker.start()
        streams = [list(live.events(f"/songs/{song['id']}/events", last=0)) for _ in range(2)]
        worker.join()
    for told in streams:
        ids = [event["id"] for event in told]
        assert ids == sorted(set(ids)) and kinds(told).count("done") == 8


def test_silence_is_broken_by_heartbeats(serve: Callable[..., Service]) -> None:
    service = serve(heartbeat=0.05)
    song = service.ask()
    with service.live() as live, live.http.stream("GET", f"/api/v1/songs/{song['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert next(line for line in answer.iter_lines() if line.startswith(":")) == ": ping"


def test_a_deleted_song_ends_its_stream(service: Service) -> None:
    song = service.ask()
    with service.live() as live:
        stream = live.events(f"/songs/{song['id']}/events")
        next(stream)
        service.library.delete(None, song["id"])
        assert kinds(list(stream))[-1] == "deleted"


def test_what_waits_for_a_listener_is_handed_on_at_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BATCH_EVENTS", 3)
    service.ask(takes=4)
    stream = events.Stream(0, None, None)
    for event in service.library.events(0):
        stream.put(events.EncodedEvent(event))
    taken = [[news.event.id for news in asyncio.run(stream.next())] for _ in range(2)]
    assert taken == [[1, 2, 3], [4]]


def test_who_reads_too_slowly_resumes_without_loss(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BACKLOG_EVENTS", 4)
    song = service.ask()
    library = service.library

    async def listen() -> list[int]:
        hub, heard = events.Hub(library, interval=0.01), []
        slow = hub.listen(0, None, song["id"], heartbeat=0.05)
        heard += [news.event.id for news in await anext(slow)]
        assert await anext(slow) == []
        for number in range(16):
            await asyncio.to_thread(library.update, None, song["id"], str(number))
        await asyncio.sleep(0.2)
        heard += [news.event.id async for batch in slow for news in batch]
        assert len(heard) < 17 and len(hub) == 0
        again = hub.listen(heard[-1], None, song["id"], heartbeat=0.05)
        while batch := await anext(again):
            heard += [news.event.id for news in batch]
        await again.aclose()
        hub.close()
        return heard

    assert asyncio.run(listen()) == [event.id for event in library.events(0)]


def test_the_database_may_fail_for_a_while(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    song = service.ask()
    library = service.library
    real, broken = library.events, False

    def flaky(*args: Any) -> Any:
        if broken:
            raise StoreError("the database the database fails")
        return real(*args)

    monkeypatch.setattr(library, "events", flaky)

    async def listen() -> list[str]:
        nonlocal broken
        hub = events.Hub(library, interval=0.01)
        stream = hub.listen(0, None, song["id"], heartbeat=0.05)
        heard = [news.event.kind for news in await anext(stream)]
        assert await anext(stream) == []
        broken = True
        library.update(None, song["id"], "new")
        assert await anext(stream) == []
        broken = False
        while not (batch := await anext(stream)):
            pass
        heard += [news.event.kind for news in batch]
        await stream.aclose()
        return heard

    assert asyncio.run(listen()) == ["queued", "updated"]


def test_streams_have_a_limit(serve: Callable[..., Service]) -> None:
    service = serve(max_streams=1)
    with service.live() as live:
        stream = live.events("/events")
        next(stream)
        answer = live.http.get("/api/v1/events")
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
        stream.close()


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "²"])
def test_an_id_that_is_none_of_ours_is_refused(service: Service, last: str) -> None:
    answer = service.client.get("/api/v1/events", headers={"Last-Event-ID": last.encode()})
    assert answer.status_code == 422 and "Last-Event-ID" in answer.json()["detail"]


def test_nobodys_song_has_no_stream(service: Service) -> None:
    assert service.client.get(f"/api/v1/songs/{'0' * 32}/events").status_code == 404


def _request() -> Any:
    from khala.music.request import SongRequest

    return SongRequest(tags=("folk",), instrumental=True, duration=5)
