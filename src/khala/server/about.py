"""Routes of the service itself: suggested tags, models, status, and the key cookie of a browser."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response, status

from khala import __version__
from khala.music.suggested_tags import TAG_GROUPS
from khala.server.access import COOKIE, Caller
from khala.server.context import ContextDep
from khala.server.schemas.requests import Session
from khala.server.schemas.service import Adaptations, Models, Status, TagGroup, Tags, Worker

router = APIRouter(prefix="/api/v1", tags=["service"])


@router.get("/tags")
def get_tags(owner: Caller) -> Tags:
    """Return suggested tags, by group; those that the embedded model was trained on come first."""
    return Tags(**{group: TagGroup(label=label, tags=list(tags)) for group, (label, tags) in TAG_GROUPS.items()})


@router.get("/models")
def get_models(context: ContextDep, owner: Caller) -> Models:
    """Return the available models, the default one first."""
    return Models(models=context.models.describe())


@router.get("/loras")
def get_loras(context: ContextDep, owner: Caller) -> Adaptations:
    """Return the adapters that can be added to the available models."""
    return Adaptations(loras=context.models.describe_adapters())


@router.get("/status")
def get_status(context: ContextDep, owner: Caller) -> Status:
    """Return the state of the service, and who the caller is."""
    now = context.library.maintenance.status()
    workers = [
        Worker(
            id=worker.id,
            host=worker.host,
            device=worker.device,
            model=worker.model,
            takes=len(worker.takes),
            since=datetime.fromtimestamp(worker.started, UTC),
        )
        for worker in now.workers
    ]
    return Status(
        version=__version__,
        workers=workers,
        queued=now.queued,
        running=now.running,
        trouble=now.trouble,
        owner=owner.name,
        role=owner.role,
        keys=context.access.needs_key,
    )


@router.post("/session", status_code=status.HTTP_204_NO_CONTENT)
def open_session(context: ContextDep, session: Session, request: Request, response: Response) -> None:
    """Keep an API key in a cookie that scripts cannot read, for audio elements and event sources, which send no
    headers."""
    context.access.owner(session.key)
    response.set_cookie(
        COOKIE,
        session.key,
        max_age=90 * 24 * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
def close_session(response: Response) -> None:
    """Delete the key cookie."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
