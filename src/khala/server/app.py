"""The app: its routes and middleware, and its background tasks."""

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
from khala.server import (
    about,
    docs,
    health,
    live,
    openai_models,
    openai_speech,
    outline,
    page,
    playlists,
    presets,
    problems,
    published_client,
    reworks,
    share,
    songs,
    streams,
    takes,
    uploads,
)
from khala.server.access import Access
from khala.server.api_description import describe_api
from khala.server.audio import Renderer
from khala.server.catalogue import Catalogue
from khala.server.context import Context
from khala.server.events import Hub
from khala.server.guard import Guard
from khala.server.metrics import Metrics, Observed
from khala.server.settings import Settings
from khala.server.supervisor import Supervisor

log = logging.getLogger(__name__)

EXPOSED = [
    *("Accept-Ranges", "Content-Range", "Content-Length", "Content-Disposition", "ETag"),  # for players
    *("Location", "Retry-After", "X-Request-Id"),
]
"""Response headers that scripts of allowed origins may read."""
REAP_SECONDS = 5.0
"""Interval of the search for dead workers."""


def create_app(library: Library, settings: Settings) -> FastAPI:
    """Return an app that serves `library`. Raises ModelError if the default model is missing or broken, InvalidRequest
    for a server that would be open to others by accident (`Access.require_safe`)."""
    access = Access(library.owners)
    access.require_safe(settings)
    app = create_routes()
    hub = Hub(library)
    metrics = Metrics(library, hub)
    models, renderer = Catalogue(settings.model, settings.offered_loras), Renderer(library)
    app.state.context = Context(settings, library, access, hub, models, renderer, metrics)
    app.state.supervisor = Supervisor(settings)
    page.install(app, settings)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["*"],  # a key, Range, whatever a player sends: it is the origin that is trusted
            expose_headers=EXPOSED,
        )
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observed, metrics=metrics)
    return app


def create_routes() -> FastAPI:
    """Return an app with all routes but no context: enough to describe itself."""
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
    for module in (
        songs,
        uploads,
        outline,
        takes,
        reworks,
        live,
        share,
        playlists,
        presets,
        streams,
        about,
        health,
        published_client,
        openai_speech,
        openai_models,
    ):
        app.include_router(module.router)
    describe_api(app)
    docs.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    supervisor: Supervisor = app.state.supervisor
    reaper = asyncio.create_task(_reap(context.library))
    supervisor.start()
    try:
        yield
    finally:
        context.hub.close()
        reaper.cancel()
        with suppress(asyncio.CancelledError):
            await reaper
        await supervisor.stop()


async def _reap(library: Library) -> None:
    """Put takes of dead workers back into the queue, again and again."""
    while True:
        try:
            for take_id in await asyncio.to_thread(library.maintenance.reap):
                log.warning("take of a lost worker queued again", extra={"take": take_id})
        except KhalaError as error:
            log.warning("cannot look for lost workers: %s", error)
        await asyncio.sleep(REAP_SECONDS)
