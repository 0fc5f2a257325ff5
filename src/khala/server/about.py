"""Routes about the service: tags to describe songs with, models, status, and the cookie of a browser."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response, status

from khala import __version__
from khala.music.suggested_tags import VOCABULARY
from khala.server.access import COOKIE, Caller
from khala.server.context import Here
from khala.server.schemas import Models, Session, Status, TagGroup, Tags, Worker

router = APIRouter(prefix="/api/v1", tags=["service"])


@router.get("/tags")
def get_tags(owner: Caller) -> Tags:
    """Tags worth offering, by group; those that the embedded model was taught come first."""
    return Tags(**{group: TagGroup(label=label, tags=list(tags)) for group, (label, tags) in VOCABULARY.items()})


@router.get("/models")
def get_models(here: Here, owner: Caller) -> Models:
    """The models that songs can be asked of, the default one first."""
    return Models(models=here.models.describe())


@router.get("/status")
def get_status(here: Here, owner: Caller) -> Status:
    """The service at a glance, and who asks."""
    now = here.library.status()
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
        keys=here.access.needs_key,
    )


@router.post("/session", status_code=status.HTTP_204_NO_CONTENT)
def open_session(here: Here, session: Session, request: Request, response: Response) -> None:
    """Keep an API key in a cookie that scripts cannot read: audio elements and event sources send nothing else."""
    here.access.owner(session.key)
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
    """Forget the key."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
