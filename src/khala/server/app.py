"""The app: routes, what stands before them, and what runs beside them while it serves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from khala import __version__
from khala.jobs.library import Library
from khala.music.errors import KhalaError
from khala.server import about, docs, health, outline, page, problems, published_client, songs, streams, takes
from khala.server.access import Access
from khala.server.audio import Renderer
from khala.server.catalogue import Catalogue
from khala.server.context import Context
from khala.server.events import Hub
from khala.server.guard import Guard
from khala.server.metrics import Metrics, Observed
from khala.server.openapi import describe
from khala.server.settings import Settings
from khala.server.supervisor import Supervisor

log = logging.getLogger(__name__)

EXPOSED = [
    *("Accept-Ranges", "Content-Range", "Content-Length", "Content-Disposition", "ETag"),  # for players
    *("Location", "Retry-After"),
]
"""Headers of answers that scripts of other origins may read, where those are allowed."""
REAP = 5.0
"""Seconds between looks for takes whose worker is lost."""


def create_app(library: Library, settings: Settings) -> FastAPI:
    """An app over `library`. Raises ModelError if the default model is missing or broken, InvalidRequest for a server
    that anybody could use by accident (`Access.require_safe`)."""
    access = Access(library.owners)
    access.require_safe(settings)
    app = create_routes()
    hub = Hub(library)
    metrics = Metrics(library, hub)
    models, renderer = Catalogue(settings.model), Renderer(library)
    app.state.context = Context(settings, library, access, hub, models, renderer, metrics)
    app.state.supervisor = Supervisor(settings)
    page.install(app, settings)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["*"],  # a key, Range, whatever else a player sends: what is trusted is the origin
            expose_headers=EXPOSED,
        )
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observed, metrics=metrics)
    return app


def create_routes() -> FastAPI:
    """An app with all routes and nothing behind them: enough to describe itself."""
    app = FastAPI(
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=_lifespan,
    )
    problems.install(app)
    for module in (songs, outline, takes, streams, about, health, published_client):
        app.include_router(module.router)
    describe(app)
    docs.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    here: Context = app.state.context
    supervisor: Supervisor = app.state.supervisor
    reaper = asyncio.create_task(_reap(here.library))
    supervisor.start()
    try:
        yield
    finally:
        here.hub.close()
        reaper.cancel()
        with suppress(asyncio.CancelledError):
            await reaper
        await supervisor.stop()


async def _reap(library: Library) -> None:
    """Give takes whose worker is lost to another, for ever."""
    while True:
        try:
            for take_id in await asyncio.to_thread(library.reap):
                log.warning("take of a lost worker queued again", extra={"take": take_id})
        except KhalaError as error:
            log.warning("cannot look for lost workers: %s", error)
        await asyncio.sleep(REAP)
