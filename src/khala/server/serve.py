"""The server process: uvicorn, with timeouts for slow clients and a prompt shutdown."""

import asyncio
import errno
import logging
import socket
from functools import partial
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from khala.music.errors import InvalidRequest
from khala.server.settings import MAX_HEAD_BYTES, UPLOADS, Settings

KEEP_ALIVE_SECONDS = 15
"""How long an idle connection stays open."""
SHUTDOWN_SECONDS = 10
"""How long responses may still take when the server is stopped."""


class TimeoutProtocol(H11Protocol):
    """HTTP/1.1 by uvicorn. A connection is closed when a request takes longer than `arrival_timeout` to arrive (an
    upload: `upload_timeout`), or when its client reads nothing of a response for `send_timeout` seconds."""

    def __init__(self, settings: Settings, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._settings = settings
        self._arrival: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect(self._settings.arrival_timeout)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waiting = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if not waiting and self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None
        elif waiting and self._arrival is None:
            self._expect(self._settings.arrival_timeout)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._sending = self.loop.call_later(self._settings.send_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._sending is not None:
            self._sending.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._arrival, self._sending):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _expect(self, seconds: float, waited: float = 0.0) -> None:
        self._arrival = self.loop.call_later(seconds, self._end, waited + seconds)

    def _end(self, waited: float) -> None:
        """Close the connection, unless it is an upload, which may take longer."""
        more = self._settings.upload_timeout - waited
        if more > 0 and self.conn.their_state is h11.SEND_BODY and self.scope["path"] == UPLOADS:
            self._expect(more, waited)
        else:
            self.transport.abort()


class Server(uvicorn.Server):
    """Closes event streams before it waits for responses to finish, and exits with status 0 when stopped."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.context.hub.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)
        self._captured_signals.clear()  # else uvicorn would raise the handled signal again


def listen(settings: Settings) -> socket.socket:
    """Bind the socket to serve at, before anything else is started. Raises InvalidRequest."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        advice = "choose another --host or --port"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            reason, advice = "another program listens there, perhaps Khala itself", "use that, or choose another --port"
        raise InvalidRequest(f"cannot serve at {settings.host}:{settings.port}: {reason}; {advice}") from None


def make_server(app: FastAPI, settings: Settings) -> Server:
    """Return a server to `run(sockets=[...])`, which serves until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        http=partial(TimeoutProtocol, settings),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=settings.connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return Server(config)
