"""Routes for machines that watch over the service: is it alive, is it ready, what has it done."""

from fastapi import APIRouter, Response

from khala.server.access import Admin
from khala.server.context import Here
from khala.server.metrics import CONTENT_TYPE
from khala.server.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz")
def ready(here: Here) -> Health:
    """The database and the artifact store can be written. 503 if not."""
    here.library.check()
    return Health(status="ok")


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
def metrics(here: Here, owner: Admin) -> Response:
    """Figures for Prometheus. Where keys are in use, an admin's is needed."""
    return Response(here.metrics.text(), media_type=CONTENT_TYPE)
