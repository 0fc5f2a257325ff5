"""Songs for OpenAI's own client, which knows nothing of songs."""

import base64
import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import soundfile
from openai import DefaultHttpxClient, OpenAI
from service import Site, Workers, until
from serving import RATE, Service

from khala.audio.wav_stream import pcm, wav_header
from khala.jobs.records import HEARD, Claim, Limits
from khala.server.openai_speech import POLL_SECONDS

WORDS = "[verse]\nOver the hills\nand far away"
ASKED: dict[str, Any] = {"voice": "nova", "input": WORDS}
SOUND = pcm(0.5 * np.sin(np.arange(RATE) / 20).astype(np.float32) * np.ones((2, 1), np.float32))


class Caller:
    """OpenAI's client, with a thread of its own for what it waits for."""

    def __init__(self, port: int, model: str) -> None:
        http = DefaultHttpxClient(trust_env=False)
        self.api = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0, http_client=http)
        self.port = port
        self._asked = {**ASKED, "model": model}
        self._threads = ThreadPoolExecutor(4)

    def create(self, **fields: Any) -> Any:
        """Wait for a song."""
        return self.api.audio.speech.create(**{**self._asked, **fields})

    def stream(self, **fields: Any) -> Any:
        return self.api.audio.speech.with_streaming_response.create(**{**self._asked, **fields})

    def ask(self, **fields: Any) -> Future[Any]:
        return self._threads.submit(self.create, **fields)

    def listen(self, heard: list[bytes], **fields: Any) -> Future[str]:
        """Ask for a stream; what comes of it is put into `heard`. The result is its media type."""

        def listen() -> str:
            with self.stream(**fields) as answer:
                heard.extend(answer.iter_bytes())
                return str(answer.headers["content-type"])

        return self._threads.submit(listen)


@contextmanager
def calling(service: Service) -> Iterator[Caller]:
    with service.live() as live:
        yield Caller(live.port, service.settings.model)


def claim(service: Service) -> Claim:
    """The take that somebody is about to ask for, claimed by a worker."""
    (claimed,) = until(lambda: service.claims.claim(1), 30)
    return claimed


def tell(service: Service, take: Claim, number: int, content: bytes) -> None:
    """Store a part of what can be heard, as a worker does."""
    part = service.library.store.put(take.song_id, take.take_id, f"{HEARD}{number}", "audio/wav", content)
    service.claims.finish_stage(take, [part], {}, 2.0 * (number + 1))


def test_a_song_is_asked_for_in_words_of_speech(service: Service) -> None:
    style = {"instructions": "warm folk ballad."}
    with calling(service) as caller:
        answer = caller.ask(**style, extra_body={"duration": 6, "seed": 7, "title": "Hills"})
        service.finish(claim(service))
        song = service.client.get("/api/v1/songs").json()["songs"][0]
        take = song["takes"][0]["id"]
        assert answer.result().content == service.client.get(f"/api/v1/takes/{take}/audio.mp3").content
        headers = answer.result().response.headers
        assert headers["x-request-id"] == song["id"] and headers["content-type"] == "audio/mpeg"
    request = song["request"]
    assert request["prompt"] == "warm folk ballad, female vocals" and request["lyrics"] == WORDS
    assert (request["duration"], request["seed"], song["title"], song["state"]) == (6.0, 7, "Hills", "done")


@pytest.mark.parametrize(
    ("fields", "style"),
    [
        ({"voice": "onyx"}, ("", ["male vocals"])),
        ({"voice": {"id": "sage"}, "extra_body": {"tags": "pop, piano"}}, ("", ["pop", "piano", "female vocals"])),
        ({"instructions": "rock, sung by a man"}, ("rock, sung by a man", [])),
        ({"voice": None, "instructions": "rock", "speed": None}, ("rock", [])),
        ({"input": "", "instructions": "slow piano", "extra_body": {"instrumental": True}}, ("slow piano", [])),
    ],
)
def test_who_sings(service: Service, fields: dict[str, Any], style: tuple[str, list[str]]) -> None:
    with calling(service) as caller:
        answer = caller.ask(**fields)
        service.finish(claim(service))
        answer.result()
    request = service.client.get("/api/v1/songs").json()["songs"][0]["request"]
    assert (request["prompt"], request["tags"]) == style


@pytest.mark.parametrize("format", ["wav", "flac", "opus"])
def test_a_file_in_every_format(service: Service, format: Any) -> None:
    with calling(service) as caller:
        answer = caller.ask(response_format=format)
        service.finish(claim(service))
        with soundfile.SoundFile(io.BytesIO(answer.result().content)) as file:
            assert file.format == {"opus": "OGG"}.get(format, format.upper()) and file.channels == 2


def test_raw_samples_are_those_that_openai_defines(service: Service) -> None:
    with calling(service) as caller:
        answer = caller.ask(response_format="pcm")
        take = claim(service)
        service.finish(take, seconds=2.0)
        assert len(answer.result().content) == 2.0 * 24_000 * 2
        assert answer.result().response.headers["content-type"] == "audio/pcm"


def test_a_stream_begins_before_the_song_is_finished(service: Service) -> None:
    wav: list[bytes] = []
    with calling(service) as caller:
        type = caller.listen(wav, response_format="wav", stream_format="audio")
        take = claim(service)
        tell(service, take, 0, wav_header(RATE) + SOUND)
        until(lambda: len(b"".join(wav)) == 44 + len(SOUND))
        tell(service, take, 1, b"the rest")
        service.finish(take)
        assert type.result() == "audio/wav" and b"".join(wav) == wav_header(RATE) + SOUND + b"the rest"


def test_a_stream_of_raw_samples(service: Service) -> None:
    raw: list[bytes] = []
    with calling(service) as caller:
        type = caller.listen(raw, response_format="pcm", stream_format="audio")
        take = claim(service)
        tell(service, take, 0, wav_header(RATE) + SOUND[:-1000])
        until(lambda: raw)
        tell(service, take, 1, SOUND[-1000:])
        service.finish(take)
        assert type.result() == "audio/pcm"
    samples = np.frombuffer(b"".join(raw), "<i2")
    assert len(samples) == 24_000 and 16_000 < samples.max() < 17_000


def test_a_stream_of_events(service: Service) -> None:
    lines: list[bytes] = []
    with calling(service) as caller:
        type = caller.listen(lines, response_format="wav", stream_format="sse")
        take = claim(service)
        tell(service, take, 0, wav_header(RATE) + SOUND)
        until(lambda: b"audio.delta" in b"".join(lines))
        service.finish(take)
        assert type.result().startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in b"".join(lines).splitlines() if line.startswith(b"data: ")]
    heard = [base64.b64decode(event["audio"]) for event in events if event["type"] == "speech.audio.delta"]
    assert b"".join(heard) == wav_header(RATE) + SOUND
    assert events[-1]["type"] == "speech.audio.done" and events[-1]["usage"]["total_tokens"] == 0


@pytest.mark.parametrize("format", ["mp3", "wav"])
def test_what_cannot_be_heard_before_comes_when_it_is_finished(service: Service, format: Any) -> None:
    heard: list[bytes] = []
    with calling(service) as caller:
        type = caller.listen(heard, response_format=format, stream_format="audio")
        take = claim(service)
        service.finish(take)
        type.result()
    assert b"".join(heard) == service.client.get(f"/api/v1/takes/{take.take_id}/audio.{format}").content


@pytest.mark.parametrize(
    ("fields", "message", "param"),
    [
        ({"response_format": "aac"}, "response_format: Input should be 'mp3', 'opus', 'flac', 'wav' or 'pcm'", True),
        ({"speed": 1.5}, 'speed: must be 1; ask for a tempo in instructions, such as "120 bpm"', True),
        ({"voice": "bob"}, "voice: Input should be 'auto', 'female', 'alloy'", True),
        ({"extra_body": {"length": 9}}, "length: Extra inputs are not permitted", True),
        ({"input": " "}, "input is empty; write lyrics, or send instrumental: true", False),
        ({"instructions": "folk", "extra_body": {"tags": "pop"}}, "both instructions and tags were given", False),
        ({"extra_body": {"duration": 500}}, "makes songs of up to 30 s", False),
    ],
)
def test_a_bad_request_is_one_for_the_client(
    service: Service, fields: dict[str, Any], message: str, param: bool
) -> None:
    with calling(service) as caller, pytest.raises(openai.BadRequestError) as refused:
        caller.create(**fields)
    body: Any = refused.value.body
    assert message in body["message"] and body["type"] == "invalid_request_error" and body["code"] == "invalid"
    assert body["param"] == (message.partition(":")[0] if param else None)
    assert not service.library.songs(None).songs


def test_refusals_are_those_that_the_client_knows(serve: Callable[..., Service]) -> None:
    service = serve(limits=Limits(owner_queued=1))
    with calling(service) as caller:
        with pytest.raises(openai.NotFoundError) as missing:
            caller.create(model="tts-1")
        body: Any = missing.value.body
        assert (body["code"], body["param"]) == ("model_not_found", "model") and service.settings.model in body[
            "message"
        ]
        service.ask()
        with pytest.raises(openai.RateLimitError) as busy:
            caller.create()
        assert busy.value.code == "rate_limit_exceeded" and busy.value.response.headers["retry-after"]
        owner = service.library.owners.create("somebody")
        _, secret = service.library.owners.create_key(owner.id)
        with pytest.raises(openai.AuthenticationError) as unknown:
            caller.create()
        assert unknown.value.code == "invalid_api_key"
        caller.api.api_key = secret
        answer = caller.ask()
        until(lambda: service.library.songs(owner.id).songs)
        service.work()
        assert answer.result().content


@pytest.mark.parametrize("stream", [None, "audio", "sse"])
@pytest.mark.parametrize(
    ("kind", "error"), [("invalid", openai.BadRequestError), ("worker-lost", openai.InternalServerError)]
)
def test_a_song_that_fails(service: Service, kind: Any, error: type[Exception], stream: str | None) -> None:
    heard: list[bytes] = []
    options = {} if stream is None else {"stream_format": stream}
    with calling(service) as caller:
        answer = caller.listen(heard, response_format="wav", **options)
        service.claims.fail(take := claim(service), "the words fill all", kind)
        if stream == "sse":
            answer.result()
            event = json.loads(b"".join(heard).split(b"data: ")[1])
            assert event["type"] == "error" and event["error"]["message"] == "the words fill all"
        else:
            with pytest.raises(error, match="the words fill all") as failed:
                answer.result()
            assert failed.value.request_id == take.song_id  # type: ignore[attr-defined]


def test_a_song_that_is_cancelled_or_breaks_off_does_not_look_whole(service: Service) -> None:
    heard: list[bytes] = []
    with calling(service) as caller:
        answer = caller.ask()
        service.library.cancel(None, claim(service).song_id)
        with pytest.raises(openai.APIStatusError, match="the song was cancelled") as ended:
            answer.result()
        assert ended.value.status_code == 410, "or the client would ask again"
        stream = caller.listen(heard, response_format="wav", stream_format="audio")
        take = claim(service)
        tell(service, take, 0, wav_header(RATE) + SOUND)
        until(lambda: heard)
        service.library.cancel(None, take.song_id)
        with pytest.raises(Exception, match=r"incomplete|closed"):
            stream.result()


def left(port: int, service: Service, headers: str = "", **fields: Any) -> str:
    """The song of somebody who goes away while it waits."""
    body = json.dumps({**ASKED, **fields}).encode()
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        (song,) = until(lambda: service.library.songs(None).songs, 30)
    return song.id


@pytest.mark.parametrize("stream", ["audio", None])
def test_a_song_that_nobody_waits_for_any_more_is_cancelled(service: Service, stream: str | None) -> None:
    with service.live() as live:
        song_id = left(live.port, service, stream_format=stream)
        until(lambda: service.library.song(None, song_id).state == "cancelled", 30)


def test_who_leaves_a_stream_cancels_it(service: Service) -> None:
    with calling(service) as caller:
        stream = caller.stream(response_format="wav", stream_format="audio")
        ended = ThreadPoolExecutor(1).submit(_first, stream)
        take = claim(service)
        tell(service, take, 0, wav_header(RATE) + SOUND)
        assert ended.result().startswith(b"RIFF")
        until(lambda: service.library.song(None, take.song_id).state == "cancelled")


def _first(streaming: Any) -> bytes:
    with streaming as answer:
        first: bytes = next(answer.iter_bytes())
        return first


def test_with_a_key_the_song_goes_on_and_is_asked_for_again(service: Service) -> None:
    key = {"Idempotency-Key": "once"}
    with calling(service) as caller:
        song_id = left(caller.port, service, "Idempotency-Key: once\r\n", seed=1, model=service.settings.model)
        again = caller.ask(extra_headers=key, extra_body={"seed": 1})
        time.sleep(2 * POLL_SECONDS)  # so late it would have been noticed that the first one has gone
        service.finish(claim(service))
        assert again.result().response.headers["x-request-id"] == song_id
        assert caller.ask(extra_headers=key, extra_body={"seed": 1}).result().content == again.result().content
    assert len(service.library.songs(None).songs) == 1


def test_khala_mini_sings_for_it(tmp_path: Path) -> None:
    service = Service(tmp_path, Path("mini"))
    (tmp_path / "marks").mkdir()
    workers = Workers(Site(f"sqlite:///{tmp_path}/khala.sqlite", tmp_path / "artifacts", "mini", tmp_path / "marks"))
    workers.start()
    asked = {"instructions": "folk", "extra_body": {"duration": 8, "seed": 3}}
    heard: list[bytes] = []
    try:
        with calling(service) as caller:
            assert next(iter(caller.api.models.list())).id == "mini"
            whole, rate = soundfile.read(io.BytesIO(caller.ask(**asked, response_format="flac").result(300).content))
            stream = caller.listen(heard, **asked, response_format="wav", stream_format="audio")
            assert stream.result(300) == "audio/wav"
    finally:
        workers.close()
        service.library.database.close()
    samples = len(b"".join(heard)[44:]) // 6
    assert rate == RATE and len(whole) == samples and 6 < samples / RATE < 10, "the same song, heard while it was made"
    assert [song.state for song in service.library.songs(None).songs] == ["done", "done"]
