"""The app's shared objects, as a dependency of its routes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from khala.jobs.library import Library
from khala.jobs.records import Owner
from khala.server.access import Access
from khala.server.audio import Renderer
from khala.server.catalogue import Catalogue
from khala.server.events import Hub
from khala.server.metrics import Metrics
from khala.server.settings import Settings


@dataclass(frozen=True)
class Context:
    """The library, the event hub, access control, the available models, and what else routes share."""

    settings: Settings
    library: Library
    access: Access
    hub: Hub
    models: Catalogue
    renderer: Renderer
    metrics: Metrics


def get_context(request: Request) -> Context:
    """Return the app's context (a dependency)."""
    context: Context = request.app.state.context
    return context


def scope(owner: Owner) -> str | None:
    """Return the owner id whose songs an owner sees; None, for all, if it is an admin."""
    return None if owner.role == "admin" else owner.id


ContextDep = Annotated[Context, Depends(get_context)]
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", examples=["019f0000000000000000000000000000"])]
