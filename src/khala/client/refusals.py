"""Refusals of the service as the errors that they were: the same classes, with the service's own line."""

from typing import Any, get_args

from httpx2 import Response, TransportError

from khala.music.errors import Conflict, InvalidRequest, KhalaError, Kind, ModelError, NotFound, TooMany


class ServiceError(KhalaError):
    """The service fails, does not answer or wants a key. `status` is that of its answer (HTTP), if there was one."""

    exit_status = 2

    def __init__(self, message: str, kind: Kind | None = None, status: int | None = None) -> None:
        super().__init__(message, kind)
        self.status = status


def error_of(outcome: Response | TransportError) -> KhalaError:
    """Return the error for an answer that is one (RFC 9457, `server.problems`), or for none at all."""
    if isinstance(outcome, TransportError):
        url = outcome.request.url
        address = f"{url.scheme}://{url.netloc.decode()}"
        return ServiceError(f"no service answers at {address} ({_reason(outcome)}); khala serve starts one")
    problem = _problem(outcome)
    status, kind = outcome.status_code, problem.get("kind")
    message = str(problem.get("detail") or f"the service answered with status {status}")
    its = kind if kind in get_args(Kind) else None
    match status:
        case 404:
            return NotFound(message)
        case 409 | 410:
            return Conflict(message)
        case 429:
            return TooMany(message, float(problem.get("retry_after") or 0))
        case 422 if its in ("model-missing", "model-broken"):
            return ModelError(message, its)
        case 400 | 413 | 415 | 422:
            return InvalidRequest(message, its)
    return ServiceError(message, its, status)


def _problem(answer: Response) -> dict[str, Any]:
    """Return the problem document of an answer; an empty one where a proxy answered in its own way."""
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _reason(error: TransportError) -> str:
    return str(error) or type(error).__name__
