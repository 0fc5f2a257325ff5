"""Refusals as problem documents (RFC 9457), each kind of them in one place.

The published web client knows another form, `{"status": "error", "error": TEXT}`; its own routes answer with that.
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

KINDS = {
    "bad-request": (400, "The request cannot be read"),
    "unauthorized": (401, "An API key is needed"),
    "forbidden": (403, "This key may not do that"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "That cannot be done here"),
    "conflict": (409, "That cannot be done now"),
    "too-large": (413, "The request is too large"),
    "unsupported-media-type": (415, "The request is not JSON"),
    "range": (416, "The file does not reach that far"),
    "wrong-host": (421, "This server does not answer to that name"),
    "invalid": (422, "The request cannot be met as asked"),
    "head-too-large": (431, "The request's head is too large"),
    "busy": (429, "Too many takes are waiting"),
    "internal": (500, "The server failed"),
    "unavailable": (503, "The service cannot do that at the moment"),
}
"""Kind of problem -> status and title. The page at /api/docs lists them under the ids that `type` points to."""

_BY_STATUS = {status: kind for kind, (status, _) in KINDS.items()}
LEGACY = ("/generate", "/job", "/status", "/tags")
"""First parts of the paths that the published web client asks."""


class FieldError(BaseModel):
    """What is wrong with one field: `field` is its place, such as "body.sampling.top_k"."""

    field: str
    message: str


class Problem(BaseModel):
    """A problem document. `detail` says in one line what is wrong and what would be right."""

    type: str = Field(description="Where this kind of problem is described.", examples=["/api/docs#invalid"])
    kind: str = Field(
        description="The last part of `type` or, where more is known, a kind as in `Take.error_kind`.",
        examples=list(KINDS),
    )
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = Field(None, description="Which fields are wrong, where that is known.")
    retry_after: int | None = Field(None, description="Seconds after which to ask again, as in Retry-After.")


class Refusal(Exception):
    """Ends a request with a problem of `kind`, a key of KINDS; `trouble` tells more exactly which."""

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
    """The answer to a refused request, in the form that its client understands."""
    status, title = KINDS[refusal.kind]
    headers = {"Cache-Control": "no-store", **refusal.headers}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if request.url.path.startswith(LEGACY):
        return JSONResponse({"status": "error", "error": str(refusal)}, status, headers)
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


def refusal(error: Exception, request: Request) -> Refusal:
    """What an exception means to the one who asked; what nobody foresaw is "internal" and tells nothing more."""
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
    return Refusal("internal", "something went wrong on the server; its log says what")


def _unreadable(error: RequestValidationError, request: Request) -> Refusal:
    """Bad JSON is the sender's grammar (400), an id that cannot be one names nothing (404), everything else is a value
    that cannot be met (422)."""
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
    """Answer every refusal of `app` in one form."""

    async def refuse(request: Request, error: Exception) -> JSONResponse:
        return response(request, refusal(error, request))

    for kind in (Refusal, RequestValidationError, HTTPException, KhalaError, Exception):
        app.add_exception_handler(kind, refuse)
