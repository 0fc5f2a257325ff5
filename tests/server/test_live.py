"""A take that is heard over HTTP while it is made."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from service import Site, Trouble, Workers, tiny_model, until
from serving import Live, Service

from khala.audio.wav_stream import wav_header
from khala.jobs.records import HEARD, WORDS, Claim, Limits

HEADER = wav_header(44100)


def tell(service: Service, claim: Claim, number: int, content: bytes, **files: bytes) -> None:
    """Store a part of what can be heard, as a worker does."""
    ids, kinds = (claim.song_id, claim.take_id), {f"{HEARD}{number}": content, **files}
    types = {kind: "audio/wav" if kind.startswith(HEARD) else "application/json" for kind in kinds}
    put = [service.library.store.put(*ids, kind, types[kind], content) for kind, content in kinds.items()]
    service.claims.finish_stage(claim, put, {}, 2.0 * (number + 1))


class Listener:
    """Somebody who listens to a take, in a thread."""

    def __init__(self, live: Live, take_id: str) -> None:
        self.heard, self.status, self.type = b"", 0, ""
        self._thread = threading.Thread(target=self._listen, args=(live, f"/api/v1/takes/{take_id}/live"), daemon=True)
        self._thread.start()

    def _listen(self, live: Live, path: str) -> None:
        with live.http.stream("GET", path) as answer:
            self.status, self.type = answer.status_code, answer.headers["content-type"]
            for block in answer.iter_bytes():
                self.heard += block

    def all(self) -> bytes:
        """Everything, once the stream has ended."""
        self._thread.join(300)
        assert not self._thread.is_alive() and self.status == 200 and self.type == "audio/wav"
        return self.heard


@pytest.fixture
def begun(service: Service) -> Claim:
    """A take that a worker has claimed."""
    service.ask()
    (claim,) = service.claims.claim(1)
    return claim


def test_everybody_hears_the_take_from_its_beginning_to_its_end(service: Service, begun: Claim) -> None:
    tell(service, begun, 0, HEADER + b"one")
    with service.live() as live:
        early = [Listener(live, begun.take_id) for _ in range(2)]
        until(lambda: all(one.heard == HEADER + b"one" for one in early))
        tell(service, begun, 1, b"two" * 200_000)
        until(lambda: all(len(one.heard) > 600_000 for one in early))
        late = Listener(live, begun.take_id)
        tell(service, begun, 2, b"three")
        service.finish(begun)
        whole = HEADER + b"one" + b"two" * 200_000 + b"three"
        assert [one.all() == whole for one in (*early, late)] == [True] * 3


def test_a_listener_goes_on_with_another_worker(service: Service, begun: Claim) -> None:
    tell(service, begun, 0, HEADER + b"one")
    with service.live() as live:
        listener = Listener(live, begun.take_id)
        until(lambda: listener.heard)
        service.claims.give_back([begun], "the worker was lost", loss=True)
        assert service.library.take(None, begun.take_id).state == "queued"
        late = Listener(live, begun.take_id)
        until(lambda: late.heard == listener.heard == HEADER + b"one")
        (again,) = service.claims.claim(1)
        tell(service, again, 1, b"two")
        service.finish(again)
        assert listener.all() == late.all() == HEADER + b"onetwo"


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_stream_ends_with_its_take(service: Service, begun: Claim, end: str) -> None:
    tell(service, begun, 0, HEADER)
    with service.live() as live:
        listener = Listener(live, begun.take_id)
        until(lambda: listener.heard)
        getattr(service.library, end)(None, begun.song_id)
        assert listener.all() == HEADER


def test_when_a_take_cannot_be_heard_and_why(service: Service, begun: Claim) -> None:
    path = f"/api/v1/takes/{begun.take_id}/live"

    def refused() -> tuple[int, str]:
        answer = service.client.get(path)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["detail"]

    def live() -> bool:
        return bool(service.client.get(f"/api/v1/songs/{begun.song_id}").json()["takes"][0]["live"])

    assert refused() == (409, "the take cannot be heard yet; the event `live` says when") and not live()
    tell(service, begun, 0, HEADER)
    assert live()
    service.library.cancel(None, begun.song_id)
    assert refused() == (409, "the take is not being made; queue it again with retry") and not live()
    service.library.retry(None, begun.song_id)
    service.work()
    assert refused() == (410, f"the take is done: /api/v1/takes/{begun.take_id}/audio.flac has it") and not live()
    assert service.client.get(path.replace(begun.take_id, "0" * 32)).status_code == 404


def test_the_takes_of_others_are_not_heard(service: Service, begun: Claim) -> None:
    tell(service, begun, 0, HEADER)
    other = service.library.owners.create("other")
    _, secret = service.library.owners.create_key(other.id)
    path = f"/api/v1/takes/{begun.take_id}/live"
    assert service.client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 404
    assert service.client.get(path).status_code == 401


def test_streams_are_limited(serve: Callable[..., Service]) -> None:
    service = serve(max_streams=1)
    service.ask()
    (claim,) = service.claims.claim(1)
    tell(service, claim, 0, HEADER)
    with service.live() as live:
        listener = Listener(live, claim.take_id)
        until(lambda: listener.heard)
        assert live.http.get(f"/api/v1/takes/{claim.take_id}/live").status_code == 429
        service.finish(claim)
        assert listener.all() == HEADER


def test_an_event_says_how_much_can_be_heard(service: Service, begun: Claim) -> None:
    with service.live() as live:
        stream = live.events(f"/songs/{begun.song_id}/events")
        next(stream)
        tell(service, begun, 0, HEADER)
        told = next(event for event in stream if event["event"] == "live")
        assert (told["take_id"], told["heard"]) == (begun.take_id, 2.0)
        stream.close()  # type: ignore[attr-defined]


def test_the_words_so_far(service: Service, begun: Claim) -> None:
    def line(start: float | None) -> bytes:
        word = {"text": "hills", "start": start, "end": start}
        return json.dumps([{"text": "hills", "start": start, "end": start, "sung": None, "words": [word]}]).encode()

    path = f"/api/v1/takes/{begun.take_id}/lyrics.json"
    assert service.client.get(path).status_code == 404, "not yet heard"
    for number, start in enumerate((None, 1.5)):
        tell(service, begun, number, HEADER, **{f"{WORDS}{number}": line(start)})
        assert service.client.get(path).json()[0]["words"] == [{"text": "hills", "start": start, "end": start}]
    service.lyrics = [{"text": "hills", "start": 2.5, "end": 3.0, "sung": True, "words": []}]
    service.finish(begun)
    assert service.client.get(path).json()[0]["start"] == 2.5, "those of the finished take"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Service, Workers]]:
    """A service of a model that can be heard while it is made, and its workers."""
    model = tiny_model(tmp_path / "tiny", led=True, graphs=True)
    service = Service(tmp_path, model, Limits(9, 9))
    (tmp_path / "marks").mkdir()
    site = Site(f"sqlite:///{tmp_path}/khala.sqlite", tmp_path / "artifacts", str(model), tmp_path / "marks")
    workers = Workers(site)
    yield service, workers
    workers.close()
    service.library.database.close()


def test_a_worker_is_killed_while_its_take_is_heard(made: tuple[Service, Workers]) -> None:
    service, workers = made
    words = {"lyrics": "[verse]\nOver the hills\nand far away", "instrumental": False, "seed": 5}
    song, same = (service.ask(takes=1, duration=20, **words) for _ in range(2))
    take, other = (its["takes"][0]["id"] for its in (song, same))
    with service.live() as live:
        first = workers.start(Trouble(slow=3.0, options={"slots": 1}))
        until(lambda: service.library.take(None, take).live)
        listener = Listener(live, take)
        until(lambda: len(listener.heard) > 44)
        first.kill()
        before = len(listener.heard)
        workers.start(Trouble(options={"slots": 1}))
        heard = listener.all()
        assert service.library.take(None, take).state == "done" and before < len(heard)
        until(lambda: service.library.take(None, other).state == "done")
    parts = [service.library.take(None, other).numbered(HEARD)]
    undisturbed = b"".join(service.library.store.get(part) for its in parts for part in its)
    assert len(heard) == len(undisturbed) and heard[:before] == undisturbed[:before]
    marks = (workers.site.marks / f"{take}-live").read_text().splitlines()
    assert len(marks) == 2, "two workers made it"
    flac = [service.client.get(f"/api/v1/takes/{its}/audio.flac?tags=false").content for its in (take, other)]
    assert flac[0] == flac[1], "the same take"
