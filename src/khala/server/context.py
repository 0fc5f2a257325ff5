"""What every route works with: the library, the hub of events, who may what, the models at hand."""

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
    settings: Settings
    library: Library
    access: Access
    hub: Hub
    models: Catalogue
    renderer: Renderer
    metrics: Metrics


def context(request: Request) -> Context:
    """Dependency: the app's context."""
    found: Context = request.app.state.context
    return found


def scope(owner: Owner) -> str | None:
    """Whose songs an owner sees: an admin everybody's."""
    return None if owner.role == "admin" else owner.id


Here = Annotated[Context, Depends(context)]
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", examples=["019f0000000000000000000000000000"])]
