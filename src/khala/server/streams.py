"""Routes of events: what happens to a song, or to all of one's songs, as server-sent events.

A stream starts with things as they are, then tells what happens. Its end is no loss: a browser comes back by itself
with the id of the last event it had (Last-Event-ID), and the stream goes on behind it.
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
from khala.server.context import Context, Here, Id, scope
from khala.server.events import RETRY, frame
from khala.server.problems import Refusal
from khala.server.schemas import MAX_SAFE, Event, Song

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1", tags=["events"])

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither a cache nor a proxy may hold events back."""
ENDED = ("done", "partial", "failed", "cancelled")
LAST = ("done", "failed", "cancelled", "deleted")
"""Events after which there may be nothing more to tell."""


def resume_point(
    last_event_id: Annotated[str | None, Header(description="Id of the last event that was seen.")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=MAX_SAFE, description="The same, for clients that cannot send the header.")
    ] = None,
) -> int | None:
    """Dependency: the id of the last event that the client had."""
    if last_event_id is None or last_event_id == "":
        return after
    if not last_event_id.isascii() or not last_event_id.isdecimal() or int(last_event_id[:20]) > MAX_SAFE:
        raise Refusal("invalid", "Last-Event-ID is none of ours; leave it out to start anew")
    return int(last_event_id)


After = Annotated[int | None, Depends(resume_point)]


class EventStream(StreamingResponse):
    """A stream of `schemas.Event`."""

    media_type = "text/event-stream"


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": Event, "description": "A stream of server-sent events; `data` of each is this JSON."},
    204: {"description": "All takes have ended and all of it was told before."},
}


@router.get("/songs/{song_id}/events", response_class=EventStream, responses=RESPONSES)
async def song_events(here: Here, owner: Caller, song_id: Id, after: After) -> Response:
    """What happens to a song. Starts with an event `song`, unless resumed, and ends when all takes have ended."""
    last = await asyncio.to_thread(here.library.last_event)
    song = await asyncio.to_thread(here.library.song, scope(owner), song_id)
    ended = after is not None and song.state in ENDED
    if ended and not await asyncio.to_thread(here.library.events, after or 0, None, song_id, 1):
        return Response(status_code=204, headers=HEADERS)
    first = Event(id=last, event="song", song_id=song_id, at=datetime.now(UTC), song=Song.of(song))
    return _stream(here, first, after, scope(owner), song)


@router.get("/events", response_class=EventStream, responses={200: RESPONSES[200]})
async def all_events(here: Here, owner: Caller, after: After) -> Response:
    """What happens to all of one's songs, everybody's for an admin. Starts with an event `ready`, unless
    resumed."""
    last = await asyncio.to_thread(here.library.last_event)
    return _stream(here, Event(id=last, event="ready", at=datetime.now(UTC)), after, scope(owner))


def _stream(
    here: Context, first: Event, after: int | None, owner_id: str | None, song: records.Song | None = None
) -> EventStream:
    if len(here.hub) >= here.settings.max_streams:
        raise Refusal("busy", "too many streams of events are open; try again later", retry_after=10)

    async def told() -> AsyncIterator[bytes]:
        yield frame(first) if after is None else format_sse_event(retry=RETRY)
        if song is not None and after is None and song.state in ENDED:
            return
        start = first.id if after is None else after
        events = here.hub.listen(start, owner_id, song.id if song else None, here.settings.heartbeat)
        ending = False
        try:
            async for news in events:
                yield b"".join(one.frame for one in news) or KEEPALIVE_COMMENT
                ending |= any(one.event.kind in LAST for one in news)
                if song is not None and ending and news and await _ended(here, news[-1].event):
                    return
        except KhalaError as error:
            log.warning("a stream of events ends: %s", error)
        finally:
            await events.aclose()

    return EventStream(told(), headers=HEADERS)


async def _ended(here: Context, event: records.Event) -> bool:
    """Whether nothing more is to be told of a song after `event`, unless somebody wants more of it."""
    try:
        song = await asyncio.to_thread(here.library.song, None, event.song_id)
    except NotFound:
        return True
    return song.state in ENDED and not await asyncio.to_thread(here.library.events, event.id, None, song.id, 1)
