"""Errors as problem documents (RFC 9457), with all kinds in one place.

The routes of the published web client answer in the form that it expects: `{"status": "error", "error": TEXT}`; those
under /v1 in OpenAI's (`openai_errors`).
"""

import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from khala.music.errors import Conflict, InvalidRequest, KhalaError, Kind, ModelError, NotFound, StoreError, TooMany
from khala.server.openai_errors import OPENAI_PATHS, openai_error

KINDS = {
    "bad-request": (400, "The request cannot be parsed"),
    "unauthorized": (401, "An API key is needed"),
    "forbidden": (403, "This key does not allow that"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "conflict": (409, "The request conflicts with the current state"),
    "gone": (410, "No longer there"),
    "too-large": (413, "The request is too large"),
    "unsupported-media-type": (415, "The request is not JSON"),
    "range": (416, "The range is outside the file"),
    "wrong-host": (421, "The host name is not served here"),
    "invalid": (422, "The request cannot be met as asked"),
    "head-too-large": (431, "The request line and headers are too large"),
    "busy": (429, "Too many takes are waiting"),
    "internal": (500, "The server failed"),
    "unavailable": (503, "The service is temporarily unavailable"),
}
"""Kind of problem -> status and title. The page at /api/docs lists them under the ids that `type` points to."""

_BY_STATUS = {status: kind for kind, (status, _) in KINDS.items()}
PUBLISHED_PATHS = ("/generate", "/job", "/status", "/tags")
"""Prefixes of the paths that the published web client requests."""


class FieldError(BaseModel):
    """An error of one field; `field` is its path, such as "body.sampling.top_k"."""

    field: str
    message: str


class Problem(BaseModel):
    """A problem document. `detail` says in one line what is wrong and how to fix it."""

    type: str = Field(description="Link to the description of this kind of problem.", examples=["/api/docs#invalid"])
    kind: str = Field(
        description="The last part of `type`, or a more exact kind as in `Take.error_kind`.", examples=list(KINDS)
    )
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = Field(None, description="The fields that are wrong, if known.")
    retry_after: int | None = Field(None, description="Seconds after which to try again, as in Retry-After.")


class Refusal(Exception):
    """Ends a request with a problem of `kind`, a key of KINDS; `trouble` is the exact kind, if known."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: list[FieldError] | None = None,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        trouble: Kind | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.trouble = trouble
        self.errors = errors
        self.retry_after = retry_after
        self.headers = dict(headers or {})


def response(request: Request, refusal: Refusal) -> JSONResponse:
    """Return the response to a refused request, in the form that its client expects."""
    status, title = KINDS[refusal.kind]
    headers = {"Cache-Control": "no-store", **refusal.headers}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if request.url.path.startswith(PUBLISHED_PATHS):
        return JSONResponse({"status": "error", "error": str(refusal)}, status, headers)
    if request.url.path.startswith(OPENAI_PATHS):
        status, error = as_openai_error(refusal)
        return JSONResponse(error, status, headers)
    problem = Problem(
        type=f"/api/docs#{refusal.kind}",
        kind=refusal.trouble or refusal.kind,
        title=title,
        status=status,
        detail=str(refusal),
        errors=refusal.errors,
        retry_after=refusal.retry_after,
    )
    content: dict[str, Any] = problem.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def as_openai_error(refusal: Refusal) -> tuple[int, dict[str, Any]]:
    """Return the status and the content of a refusal in OpenAI's shape."""
    field = refusal.errors[0].field if refusal.errors else None
    message = str(refusal).removeprefix("body.")
    return openai_error(KINDS[refusal.kind][0], refusal.trouble or refusal.kind, message, field)


def refusal(error: Exception, request: Request) -> Refusal:
    """Return the refusal for an exception; an unexpected one becomes "internal", without details."""
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            return _unreadable(error, request)
        case HTTPException():
            kind = _BY_STATUS.get(error.status_code, "bad-request")
            detail = KINDS[kind][1] if kind in ("not-found", "method-not-allowed") else str(error.detail)
            return Refusal(kind, detail, headers=error.headers)
        case InvalidRequest() | ModelError():
            return Refusal("invalid", str(error), trouble=error.kind)
        case NotFound():
            return Refusal("not-found", str(error))
        case Conflict():
            return Refusal("conflict", str(error))
        case TooMany():
            return Refusal("busy", str(error), retry_after=math.ceil(error.retry_after))
        case StoreError():
            return Refusal("unavailable", str(error), retry_after=10, trouble=error.kind)
        case KhalaError():
            return Refusal("unavailable", str(error), retry_after=10)
    return Refusal("internal", "internal server error; the server's log has the details")


def _unreadable(error: RequestValidationError, request: Request) -> Refusal:
    """Return the refusal for a request that fails validation: invalid JSON is 400, a malformed id 404, any other
    invalid value 422."""
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return Refusal("not-found", KINDS["not-found"][1])
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if any(one["loc"][0] == "body" for one in found) and kind != "application/json":
        return Refusal("unsupported-media-type", "send JSON: Content-Type: application/json")
    if any(one["type"] == "json_invalid" for one in found):
        return Refusal("bad-request", "the body is not JSON")
    errors = [FieldError(field=".".join(map(str, one["loc"])), message=one["msg"]) for one in found[:20]]
    first = errors[0]
    return Refusal("invalid", f"{first.field}: {first.message}", errors)


def install(app: FastAPI) -> None:
    """Handle every exception of `app`."""

    async def refuse(request: Request, error: Exception) -> JSONResponse:
        return response(request, refusal(error, request))

    for kind in (Refusal, RequestValidationError, HTTPException, KhalaError, Exception):
        app.add_exception_handler(kind, refuse)
