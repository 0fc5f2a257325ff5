"""The studio's page: the files that its build left, and the page itself for every address that it knows how to show."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from khala.server.settings import Settings

BUILT = Path(__file__).parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
WITHOUT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Khala</title>
<meta name="viewport" content="width=device-width"><style>:root { color-scheme: light dark; }</style>
<h1>Khala</h1><p>The service is running. <a href="/api/docs">What its API offers.</a></p>
<p>The studio's page was not built with it. In a checkout, <code>make studio</code> builds and opens it.</p>
"""


class Page:
    """What answers where no route does (ASGI): a file of `folder`, or its index.html for a browser that goes somewhere.

    Files under assets/ have a digest of their content in their name and may be kept for ever; all else is asked for
    again. Without a build, / says so and leads to the description of the API.
    """

    def __init__(self, folder: Path) -> None:
        self._files = StaticFiles(directory=folder) if (folder / "index.html").is_file() else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        response = await self._response(Request(scope), scope)
        await response(scope, receive, send)

    async def _response(self, request: Request, scope: Scope) -> Response:
        path = request.url.path
        if request.method not in ("GET", "HEAD") or path.startswith("/api/"):
            raise HTTPException(404)
        if self._files is None:
            if path == "/":
                return HTMLResponse(WITHOUT, headers={"Cache-Control": "no-cache"})
            raise HTTPException(404)
        try:
            response = await self._files.get_response(path.lstrip("/") or "index.html", scope)
        except HTTPException as error:
            if error.status_code != 404 or "text/html" not in request.headers.get("accept", ""):
                raise HTTPException(404) from None
            path, response = "/", await self._files.get_response("index.html", scope)
        response.headers["Cache-Control"] = IMMUTABLE if path.startswith("/assets/") else "no-cache"
        return response


def install(app: FastAPI, settings: Settings) -> None:
    """Serve the page of `app` at /, behind all of its routes."""
    app.router.default = Page(settings.static or BUILT)
