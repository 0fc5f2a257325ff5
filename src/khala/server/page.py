"""The studio's page: the built files, and index.html for every address that the page itself routes."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from khala.server.openai_errors import OPENAI_PATHS
from khala.server.settings import Settings

BUILD = Path(__file__).parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
FALLBACK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Khala</title>
<meta name="viewport" content="width=device-width"><style>:root { color-scheme: light dark; }</style>
<h1>Khala</h1><p>The service is running. <a href="/api/docs">API documentation</a></p>
<p>The studio is not included in this installation. In a checkout, <code>make studio</code> builds and opens it.</p>
"""


class Page:
    """Handler of all other paths (ASGI): a file of `folder`, or its index.html for a browser's navigation.

    Files under assets/ have a digest of their content in their names and may be cached for ever; all others are
    revalidated. Without a build, / says so and links to the API documentation.
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
        if request.method not in ("GET", "HEAD") or path.startswith(("/api/", OPENAI_PATHS)):
            raise HTTPException(404)
        if self._files is None:
            if path == "/":
                return HTMLResponse(FALLBACK, headers={"Cache-Control": "no-cache"})
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
    """Serve the page at /, after all routes of `app`."""
    app.router.default = Page(settings.static or BUILD)
