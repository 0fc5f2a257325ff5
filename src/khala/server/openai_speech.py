"""The route of songs in the shape of OpenAI's speech API.

Its clients wait for the sound in the response to their request. The song is one of the library's all the same: it waits
in the queue, and stays. Who goes away before the end cancels it, for nobody else knows of it; unless the request has an
idempotency key, with which it can be sent again.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

from anyio import CancelScope
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import iterate_in_threadpool

from khala.audio.speech_pcm import SpeechPcm, speech_pcm
from khala.jobs.records import SongRecord, TakeRecord
from khala.music.errors import KhalaError
from khala.server import live
from khala.server.access import Caller
from khala.server.audio import MEDIA_TYPES
from khala.server.context import Context, ContextDep
from khala.server.openai_errors import OPENAI_PATHS
from khala.server.openai_models import require_model
from khala.server.problems import Refusal, as_openai_error, refusal
from khala.server.schemas.openai import NewSpeech
from khala.server.songs import IdempotencyKey, to_request
from khala.server.streams import HEADERS, EventStream, require_room

router = APIRouter(prefix=OPENAI_PATHS.rstrip("/"), tags=["speech"])

SPEECH_TYPES = {**MEDIA_TYPES, "pcm": "audio/pcm"}
POLL_SECONDS = 1.0
"""How soon it is noticed that a client has gone."""
UNMET = ("invalid", "model-missing", "model-broken", "out-of-memory")
"""Kinds of failure that another try would meet again."""
SPEECH: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The song; or, with `stream_format`, its sound as it is made.",
        "content": {media_type: {} for media_type in (*SPEECH_TYPES.values(), "text/event-stream")},
        "headers": {"X-Request-Id": {"description": "The id of the song.", "schema": {"type": "string"}}},
    }
}


@router.post("/audio/speech", response_class=Response, responses=SPEECH)
async def create_speech(
    context: ContextDep,
    owner: Caller,
    speech: NewSpeech,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a song and return its sound: of its finished file, or with `stream_format` as it is made. A client that goes
    away before cancels the song, unless it sent an Idempotency-Key. See `docs/integrations.md`."""
    if speech.model is not None:
        await asyncio.to_thread(require_model, context, speech.model)
    require_room(context)
    new, model = await asyncio.to_thread(to_request, context, speech.song_fields())
    song = await asyncio.to_thread(context.library.submit, owner.id, new, model, idempotency_key)
    sound = _sound(context, request, song, speech, kept=idempotency_key is not None)
    headers = {**HEADERS, "X-Request-Id": song.id}
    if speech.stream_format == "sse":
        return EventStream(_events(sound), headers=headers)
    media_type = SPEECH_TYPES[speech.response_format]
    if speech.stream_format == "audio":
        first = await anext(block async for block in sound if block)  # until there is one, an error has a status
        return StreamingResponse(_after(first, sound), headers=headers, media_type=media_type)
    return Response(b"".join([block async for block in sound]), headers=headers, media_type=media_type)


async def _sound(
    context: Context, request: Request, song: SongRecord, speech: NewSpeech, kept: bool
) -> AsyncGenerator[bytes, None]:
    """Yield the sound that was asked for; while there is none yet, an empty block now and then. Raises Refusal."""
    format, streams = speech.response_format, speech.stream_format is not None
    heard = False
    try:
        async with aclosing(_states(context, request, song)) as states:
            async for take in states:
                if streams and format in ("wav", "pcm") and take.live and not heard:
                    heard = True
                    sound = live.sound(context, take)
                    async for block in sound if format == "wav" else _pcm(sound):
                        yield block
                yield b""
        if take.state != "done":
            raise _failure(take)
        if not heard:
            async for block in _file(context, take, format):
                yield block
    except (Refusal, KhalaError) as error:
        raise _named(refusal(error, request), song) from error
    finally:
        if not kept:
            with CancelScope(shield=True), suppress(KhalaError):
                await asyncio.to_thread(context.library.cancel, None, song.id)


async def _states(context: Context, request: Request, song: SongRecord) -> AsyncGenerator[TakeRecord, None]:
    """Yield the song's take now and whenever there is news, until it has ended. Raises Refusal if its client has gone
    or the server stops, NotFound if it was deleted."""
    last, take_id = await asyncio.to_thread(context.library.last_event), song.takes[0].id
    events = context.hub.listen(last, None, song.id, POLL_SECONDS)
    try:
        while True:
            take = await asyncio.to_thread(context.library.take, None, take_id)
            yield take
            if take.state not in ("queued", "running"):
                return
            if await request.is_disconnected():
                raise Refusal("gone", "the client has gone")
            if await anext(events, None) is None:
                raise Refusal("unavailable", "the server is being stopped; try again", retry_after=10)
    finally:
        await events.aclose()


async def _file(context: Context, take: TakeRecord, format: str) -> AsyncIterator[bytes]:
    """Yield the bytes of a finished take."""
    audio = await context.renderer.audio(None, take.id, "flac" if format == "pcm" else format)
    if format == "pcm":
        async with context.renderer.room:
            yield await asyncio.to_thread(lambda: speech_pcm(b"".join(audio.read(0, audio.size))))
        return
    async for block in iterate_in_threadpool(audio.read(0, audio.size)):
        yield block


async def _pcm(wav: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield a WAV stream as the raw samples of speech."""
    convert = SpeechPcm()
    async for block in wav:
        yield await asyncio.to_thread(convert, block)
    yield convert(b"", last=True)


async def _after(first: bytes, sound: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    async with aclosing(sound):
        async for block in sound:
            if block:
                yield block


async def _events(sound: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Yield the sound as OpenAI's events. Nothing is billed: `usage` is zero."""
    try:
        async with aclosing(sound):
            async for block in sound:
                event = {"type": "speech.audio.delta", "audio": b64encode(block).decode()}
                yield format_sse_event(data_str=json.dumps(event)) if block else KEEPALIVE_COMMENT
        usage = dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), 0)
        yield format_sse_event(data_str=json.dumps({"type": "speech.audio.done", "usage": usage}))
    except Refusal as error:
        yield format_sse_event(data_str=json.dumps({"type": "error", **as_openai_error(error)[1]}))


def _failure(take: TakeRecord) -> Refusal:
    if take.state == "cancelled":
        return Refusal("gone", "the song was cancelled")
    kind = take.error_kind
    trouble: Any = kind
    return Refusal("invalid" if kind in UNMET else "unavailable", take.error or "the song failed", trouble=trouble)


def _named(error: Refusal, song: SongRecord) -> Refusal:
    """Let an error tell of which song it is."""
    error.headers["X-Request-Id"] = song.id
    return error
