"""Checks before every route: the host name, the origin and the size of a request; and headers of every response."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from khala.server.problems import Refusal, response
from khala.server.settings import LOOPBACK, MAX_HEAD_BYTES, UPLOADS, Settings

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Content from this server only. Inline styles are allowed: the waveform player sets its own."""


class Guard:
    """Middleware (ASGI) outside all routes.

    - The Host header must name this server: a page whose domain was made to resolve to this machine (DNS rebinding)
      gets 421.
    - A write that the browser says another site caused gets 403, unless that origin is allowed.
    - A body over `max_body` (an upload: `max_upload`) gets 413, headers over MAX_HEAD_BYTES 431.
      `serve.TimeoutProtocol` handles clients that send or read too slowly.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        local = {*LOOPBACK, settings.host} if settings.loopback else set()
        self.hosts = {*local, *settings.allowed_hosts} if settings.loopback or settings.allowed_hosts else None
        self.headers = {
            "content-security-policy": CONTENT_POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "cross-origin" if settings.cors_origins else "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        try:
            self._check(request)
        except Refusal as error:
            await response(request, error)(scope, receive, send_guarded)
            return
        await self.app(scope, self._bounded(receive, self._limit(request.url.path)), send_guarded)

    def _check(self, request: Request) -> None:
        if self.hosts is not None and (name := _name(request.headers.get("host", ""))) not in self.hosts:
            raise Refusal("wrong-host", f"the host {name[:100]!r} is not served here; allow it with --allow-host")
        site = request.headers.get("sec-fetch-site", "none")
        changes = request.method not in ("GET", "HEAD", "OPTIONS")
        if changes and site in ("cross-site", "same-site"):
            origin = request.headers.get("origin", "")
            if origin not in self.settings.cors_origins:
                raise Refusal("forbidden", f"pages of {origin[:100]!r} may not make changes on this server")
        head = len(request.url.path) + len(request.url.query) + sum(len(k) + len(v) for k, v in request.headers.raw)
        if head > MAX_HEAD_BYTES:
            raise Refusal("head-too-large", f"the request line and headers may have at most {MAX_HEAD_BYTES} bytes")
        length = request.headers.get("content-length", "0")
        limit = self._limit(request.url.path)
        if not length.isdecimal() or int(length[:20]) > limit:
            raise _too_large(limit)

    def _limit(self, path: str) -> int:
        return self.settings.max_upload if path == UPLOADS else self.settings.max_body

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        size = 0

        async def receive_bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413, str(_too_large(limit)))
            return message

        return receive_bounded


def _too_large(limit: int) -> Refusal:
    return Refusal("too-large", f"the request body may have at most {limit} bytes")


def _name(host: str) -> str:
    """Return the name in a Host header, without port and brackets, in lower case."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host
