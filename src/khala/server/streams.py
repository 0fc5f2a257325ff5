"""Routes of events: those of a song, or of all the caller's songs, as server-sent events.

A stream starts with the current state. Nothing is lost when it ends: a browser reconnects by itself with the id of the
last event received (Last-Event-ID), and the stream resumes after that.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from khala.jobs import records
from khala.music.errors import KhalaError, NotFound
from khala.server.access import Caller
from khala.server.context import Context, ContextDep, Id, scope
from khala.server.events import RETRY_MS, frame
from khala.server.problems import Refusal
from khala.server.schemas.events import Event
from khala.server.schemas.requests import MAX_SAFE_INTEGER
from khala.server.schemas.songs import Song

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1", tags=["events"])

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Keep caches and proxies from holding events back."""
FINAL_STATES = ("done", "partial", "failed", "cancelled")
FINAL_EVENTS = ("done", "failed", "cancelled", "deleted")
"""Events that may be the last of a song."""


def resume_point(
    last_event_id: Annotated[str | None, Header(description="Id of the last event received.")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=MAX_SAFE_INTEGER, description="The same, for clients that cannot send the header.")
    ] = None,
) -> int | None:
    """Return the id of the last event that the client received (a dependency)."""
    if last_event_id is None or last_event_id == "":
        return after
    if not last_event_id.isascii() or not last_event_id.isdecimal() or int(last_event_id[:20]) > MAX_SAFE_INTEGER:
        raise Refusal("invalid", "Last-Event-ID is not an event id; leave it out to start from the current state")
    return int(last_event_id)


After = Annotated[int | None, Depends(resume_point)]


class EventStream(StreamingResponse):
    """A stream of events (`schemas.events.Event`)."""

    media_type = "text/event-stream"


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": Event, "description": "A stream of server-sent events; the `data` of each is this JSON."},
    204: {"description": "All takes have ended, and the client has received all events."},
}


@router.get("/songs/{song_id}/events", response_class=EventStream, responses=RESPONSES)
async def song_events(context: ContextDep, owner: Caller, song_id: Id, after: After) -> Response:
    """Stream the events of a song. Starts with an event `song`, unless resumed, and ends when all takes have ended."""
    last = await asyncio.to_thread(context.library.last_event)
    song = await asyncio.to_thread(context.library.song, scope(owner), song_id)
    ended = after is not None and song.state in FINAL_STATES
    if ended and not await asyncio.to_thread(context.library.events, after or 0, None, song_id, 1):
        return Response(status_code=204, headers=HEADERS)
    first = Event(id=last, event="song", song_id=song_id, at=datetime.now(UTC), song=Song.of(song))
    return _stream(context, first, after, scope(owner), song)


@router.get("/events", response_class=EventStream, responses={200: RESPONSES[200]})
async def all_events(context: ContextDep, owner: Caller, after: After) -> Response:
    """Stream the events of all the caller's songs, or of everybody's for an admin. Starts with an event `ready`, unless
    resumed."""
    last = await asyncio.to_thread(context.library.last_event)
    return _stream(context, Event(id=last, event="ready", at=datetime.now(UTC)), after, scope(owner))


def require_room(context: Context) -> None:
    """Raise Refusal if no more streams may be open."""
    if len(context.hub) >= context.settings.max_streams:
        raise Refusal("busy", "too many streams are open; try again later", retry_after=10)


def _stream(
    context: Context, first: Event, after: int | None, owner_id: str | None, song: records.SongRecord | None = None
) -> EventStream:
    require_room(context)

    async def frames() -> AsyncIterator[bytes]:
        yield frame(first) if after is None else format_sse_event(retry=RETRY_MS)
        if song is not None and after is None and song.state in FINAL_STATES:
            return
        start = first.id if after is None else after
        events = context.hub.listen(start, owner_id, song.id if song else None, context.settings.heartbeat)
        ending = False
        try:
            async for batch in events:
                yield b"".join(one.frame for one in batch) or KEEPALIVE_COMMENT
                ending |= any(one.event.kind in FINAL_EVENTS for one in batch)
                if song is not None and ending and batch and await _ended(context, batch[-1].event):
                    return
        except KhalaError as error:
            log.warning("an event stream ends: %s", error)
        finally:
            await events.aclose()

    return EventStream(frames(), headers=HEADERS)


async def _ended(context: Context, event: records.EventRecord) -> bool:
    """Return whether a song has ended and `event` is its last."""
    try:
        song = await asyncio.to_thread(context.library.song, None, event.song_id)
    except NotFound:
        return True
    if song.state not in FINAL_STATES:
        return False
    return not await asyncio.to_thread(context.library.events, event.id, None, song.id, 1)
