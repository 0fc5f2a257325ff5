"""Routes for monitoring: liveness, readiness and metrics."""

from fastapi import APIRouter, Response

from khala.server.access import Admin
from khala.server.context import ContextDep
from khala.server.metrics import CONTENT_TYPE
from khala.server.schemas.service import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> Health:
    """Answer while the process is alive."""
    return Health(status="ok")


@router.get("/readyz")
def ready(context: ContextDep) -> Health:
    """Check that the database and the artifact store can be written; 503 if not."""
    context.library.maintenance.check()
    return Health(status="ok")


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
def metrics(context: ContextDep, owner: Admin) -> Response:
    """Return metrics for Prometheus. Needs an admin's key where keys are in use."""
    return Response(context.metrics.text(), media_type=CONTENT_TYPE)
