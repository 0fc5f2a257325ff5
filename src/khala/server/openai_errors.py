"""Errors of the routes under /v1, in the shape that OpenAI's clients read."""

from typing import Any

from pydantic import BaseModel, Field

OPENAI_PATHS = "/v1/"
"""Prefix of the paths in OpenAI's shape."""
CODES = {"unauthorized": "invalid_api_key", "busy": "rate_limit_exceeded"}
"""Kind of problem -> the code that clients know it by."""


class OpenAIErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None = Field(description="The field that is wrong, if it is one.")
    code: str | None


class OpenAIError(BaseModel):
    """An error as OpenAI's API describes it."""

    error: OpenAIErrorDetail


def openai_error(status: int, kind: str, message: str, field: str | None = None) -> tuple[int, dict[str, Any]]:
    """Return status and content for a problem of `kind` (`problems.KINDS`); `field` is the one that is wrong. What
    cannot be met as asked has status 400 here: their clients have an exception for that."""
    param = field.removeprefix("body.") if field else None
    code = "model_not_found" if (kind, param) == ("not-found", "model") else CODES.get(kind, kind.replace("-", "_"))
    error = OpenAIErrorDetail(
        message=message,
        type="server_error" if status >= 500 else "invalid_request_error",
        param=param,
        code=code,
    )
    return 400 if status == 422 else status, OpenAIError(error=error).model_dump()
