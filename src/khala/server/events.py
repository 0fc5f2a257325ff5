"""Events as they happen, for any number of streams: one query of the database serves them all."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import cached_property

from fastapi.sse import format_sse_event

from khala.jobs.library import Library
from khala.jobs.records import EventRecord
from khala.music.errors import KhalaError
from khala.server.schemas import events as schemas

log = logging.getLogger(__name__)

RETRY_MS = 1000
"""When a browser reconnects after its stream has ended."""
POLL_SECONDS = 0.25
"""Interval of queries for new events."""
PAGE_EVENTS = 1000
"""Most events read in one query."""
BATCH_EVENTS = 100
"""Most events sent at once: ten together cost little more than one."""
BACKLOG_EVENTS = 5000
"""Most events that wait for a slow client; beyond that its stream ends, to be resumed where it was."""


@dataclass(frozen=True)
class EncodedEvent:
    """An event that is encoded once, however many streams send it."""

    event: EventRecord

    @cached_property
    def frame(self) -> bytes:
        """Return the event in the server-sent format."""
        return frame(schemas.Event.of(self.event))


def frame(event: schemas.Event) -> bytes:
    """Encode an event in the server-sent format."""
    data = event.model_dump_json(exclude_none=True)
    return format_sse_event(data_str=data, event=event.event, id=str(event.id), retry=RETRY_MS)


@dataclass(eq=False)
class Stream:
    """The events that one client receives: those above `after`, of an owner (None: of all) and of a song (None: of
    all)."""

    after: int
    owner_id: str | None
    song_id: str | None
    waiting: "asyncio.Queue[EncodedEvent | None]" = field(default_factory=lambda: asyncio.Queue(BACKLOG_EVENTS))
    ended: bool = False

    def wants(self, event: EventRecord) -> bool:
        """Return whether the event belongs to this stream."""
        return self.owner_id in (None, event.owner_id) and self.song_id in (None, event.song_id)

    def put(self, event: EncodedEvent | None) -> None:
        """Queue an event, or None to wake the stream up. A stream that is too far behind ends."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.ended = True

    async def next(self) -> list[EncodedEvent]:
        """Wait for events and return all that are queued."""
        events = [await self.waiting.get()]
        while len(events) < BATCH_EVENTS and not self.waiting.empty():
            events.append(self.waiting.get_nowait())
        return [one for one in events if one is not None]


class Hub:
    """Passes events of the library to all open streams. Queries the database only while there are streams."""

    def __init__(self, library: Library, interval: float = POLL_SECONDS) -> None:
        self._library = library
        self._interval = interval
        self._streams: set[Stream] = set()
        self._seen = 0
        self._polling: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._streams)

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        for stream in self._streams:
            stream.put(None)

    async def listen(
        self, after: int, owner_id: str | None, song_id: str | None, heartbeat: float
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Yield the events above `after`, each once and in order, as many at a time as there are (at most
        BATCH_EVENTS); an empty list after `heartbeat` seconds without any.

        Ends when the hub is closed or the listener is too slow; listening again from the last event received misses
        nothing. Raises StoreError if the database does not answer at the start.
        """
        stream = Stream(after, owner_id, song_id)
        self._streams.add(stream)  # before the database is read: events that come meanwhile are queued
        try:
            await self._start()
            while page := await asyncio.to_thread(self._library.events, stream.after, owner_id, song_id, PAGE_EVENTS):
                stream.after = page[-1].id
                yield [EncodedEvent(event) for event in page]
            while not stream.ended and not self._closed:
                try:
                    async with asyncio.timeout(heartbeat):
                        events = await stream.next()
                except TimeoutError:
                    yield []
                    continue
                if events := [one for one in events if one.event.id > stream.after]:  # others were read above
                    stream.after = events[-1].event.id
                    yield events
        finally:
            self._streams.discard(stream)

    async def _start(self) -> None:
        async with self._starting:
            if self._polling is None:
                self._seen = await asyncio.to_thread(self._library.last_event)
                self._polling = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        while self._streams and not self._closed:
            try:
                page = await asyncio.to_thread(self._library.events, self._seen, None, None, PAGE_EVENTS)
            except KhalaError as error:
                log.warning("cannot read events: %s", error)
                await asyncio.sleep(8 * self._interval)
                continue
            for event in page:
                self._seen, encoded = event.id, EncodedEvent(event)
                for stream in self._streams:
                    if stream.wants(event):
                        stream.put(encoded)
            if len(page) < PAGE_EVENTS:
                await asyncio.sleep(self._interval)
        self._polling = None
