"""The route of a take that is heard while it is made."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from khala.jobs.records import HEARD, TakeRecord
from khala.music.errors import KhalaError
from khala.server.access import Caller
from khala.server.context import Context, ContextDep, Id, scope
from khala.server.events import EncodedEvent
from khala.server.problems import Refusal
from khala.server.streams import HEADERS, require_room

log = logging.getLogger(__name__)
NEWS = ("live", "done", "failed", "cancelled", "deleted")
router = APIRouter(prefix="/api/v1", tags=["takes"])


class LiveAudio(StreamingResponse):
    """A WAV file whose length is not known yet."""

    media_type = "audio/wav"


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The take from its beginning, as it is made, to its end.", "content": {"audio/wav": {}}}
}


@router.get("/takes/{take_id}/live", response_class=LiveAudio, responses=RESPONSES)
async def get_live(context: ContextDep, owner: Caller, take_id: Id) -> LiveAudio:
    """Stream a take while it is made, from its beginning, as WAV (24 bits) of unknown length. The event `live` says
    when that can begin: until then this is refused as a `conflict`, and as `gone` once the take is done. If its worker
    is lost, the stream waits for the next one, and goes on. See `docs/live.md`."""
    take = await asyncio.to_thread(context.library.take, scope(owner), take_id)
    if take.state == "done":
        raise Refusal("gone", f"the take is done: /api/v1/takes/{take_id}/audio.flac has it")
    if take.state in ("failed", "cancelled"):
        raise Refusal("conflict", "the take is not being made; queue it again with retry")
    if not take.live:
        raise Refusal("conflict", "the take cannot be heard yet; the event `live` says when")
    require_room(context)
    return LiveAudio(sound(context, take), headers=HEADERS)


async def sound(context: Context, take: TakeRecord) -> AsyncIterator[bytes]:
    """Yield the parts of a take in order, each as soon as it is stored."""
    last, sent = await asyncio.to_thread(context.library.last_event), 0
    events = context.hub.listen(last, None, take.song_id, context.settings.heartbeat)
    try:
        while True:
            take = await asyncio.to_thread(context.library.take, None, take.id)
            for part in take.numbered(HEARD)[sent:]:
                async for block in iterate_in_threadpool(await asyncio.to_thread(context.library.store.read, part)):
                    yield block
                sent += 1
            if take.state not in ("queued", "running") or not await _go_on(events):
                return
    except KhalaError as error:
        log.warning("a live stream ends: %s", error, extra={"take": take.id})
    finally:
        await events.aclose()


async def _go_on(events: AsyncIterator[list[EncodedEvent]]) -> bool:
    """Wait for news of a song's sound; return False if no more events come."""
    async for batch in events:
        if not batch or any(one.event.kind in NEWS for one in batch):
            return True
    return False
