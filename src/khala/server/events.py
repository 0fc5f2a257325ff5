"""Events as they happen, for any number of streams: one look at the database for all of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import cached_property

from fastapi.sse import format_sse_event

from khala.jobs.library import Library
from khala.jobs.records import Event
from khala.music.errors import KhalaError
from khala.server import schemas

log = logging.getLogger(__name__)

RETRY = 1000
"""Milliseconds after which a browser whose stream ended comes back."""
INTERVAL = 0.25
"""Seconds between looks."""
PAGE = 1000
"""Events that are read at once."""
BATCH = 100
"""Events that are handed on at once at most: to send ten together costs little more than to send one."""
BACKLOG = 5000
"""Events that may wait for a client that reads slowly; then its stream ends, and resumes where it was."""


@dataclass(frozen=True)
class News:
    """An event, and how it is told: put into words once, however many streams there are."""

    event: Event

    @cached_property
    def frame(self) -> bytes:
        """It as a server-sent event."""
        return frame(schemas.Event.of(self.event))


def frame(event: schemas.Event) -> bytes:
    """An event as a server-sent event."""
    data = event.model_dump_json(exclude_none=True)
    return format_sse_event(data_str=data, event=event.event, id=str(event.id), retry=RETRY)


@dataclass(eq=False)
class Stream:
    """What one client listens to: the events above `after` of an owner (None: of everybody), of a song or of all."""

    after: int
    owner_id: str | None
    song_id: str | None
    waiting: "asyncio.Queue[News | None]" = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    ended: bool = False

    def wants(self, event: Event) -> bool:
        return self.owner_id in (None, event.owner_id) and self.song_id in (None, event.song_id)

    def hand(self, news: News | None) -> None:
        """Let the listener have an event, or with None look up; one that is too far behind is ended."""
        try:
            self.waiting.put_nowait(news)
        except asyncio.QueueFull:
            self.ended = True

    async def next(self) -> list[News]:
        """What waits for the listener, once something does."""
        news = [await self.waiting.get()]
        while len(news) < BATCH and not self.waiting.empty():
            news.append(self.waiting.get_nowait())
        return [one for one in news if one is not None]


class Hub:
    """Hands events of the library to the streams that are open, and looks for new ones while there are any."""

    def __init__(self, library: Library, interval: float = INTERVAL) -> None:
        self._library = library
        self._interval = interval
        self._streams: set[Stream] = set()
        self._seen = 0
        self._watch: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._streams)

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        for stream in self._streams:
            stream.hand(None)

    async def listen(
        self, after: int, owner_id: str | None, song_id: str | None, heartbeat: float
    ) -> AsyncGenerator[list[News], None]:
        """The events above `after`, each once and in order, as many at a time as there are (BATCH at most); none of
        them after `heartbeat` seconds of silence.

        Ends when the hub is closed or the listener is too slow: who listens again from the last event it had misses
        nothing. Raises StoreError if the database does not answer at the start.
        """
        stream = Stream(after, owner_id, song_id)
        self._streams.add(stream)  # before the database is read: what comes meanwhile waits
        try:
            await self._start()
            while page := await asyncio.to_thread(self._library.events, stream.after, owner_id, song_id, PAGE):
                stream.after = page[-1].id
                yield [News(event) for event in page]
            while not stream.ended and not self._closed:
                try:
                    async with asyncio.timeout(heartbeat):
                        news = await stream.next()
                except TimeoutError:
                    yield []
                    continue
                if news := [one for one in news if one.event.id > stream.after]:  # others were in the pages above
                    stream.after = news[-1].event.id
                    yield news
        finally:
            self._streams.discard(stream)

    async def _start(self) -> None:
        async with self._starting:
            if self._watch is None:
                self._seen = await asyncio.to_thread(self._library.last_event)
                self._watch = asyncio.create_task(self._look_on())

    async def _look_on(self) -> None:
        while self._streams and not self._closed:
            try:
                page = await asyncio.to_thread(self._library.events, self._seen, None, None, PAGE)
            except KhalaError as error:
                log.warning("no events at the moment: %s", error)
                await asyncio.sleep(8 * self._interval)
                continue
            for event in page:
                self._seen, news = event.id, News(event)
                for stream in self._streams:
                    if stream.wants(event):
                        stream.hand(news)
            if len(page) < PAGE:
                await asyncio.sleep(self._interval)
        self._watch = None
