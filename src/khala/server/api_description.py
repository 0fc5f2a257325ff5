"""The OpenAPI description of the app: its routes, and how each of them refuses."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from khala.server.openai_errors import OPENAI_PATHS, OpenAIError
from khala.server.problems import PUBLISHED_PATHS, Problem

SUMMARY = "Whole songs from words: ask for one, follow how it is made, listen to its takes."
PUBLISHED_ERROR = {
    "type": "object",
    "properties": {"status": {"const": "error", "type": "string"}, "error": {"type": "string"}},
    "required": ["status", "error"],
}

EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/Event"},
        },
        "retry": {"type": "integer"},
    },
}
"""Schema of a server-sent event in OpenAPI 3.2 (section 4.14.4)."""


def describe_api(app: FastAPI) -> None:
    """Make `app.openapi` return the full description, built once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's way to do this


def _schema(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title="Khala", version=app.version, summary=SUMMARY, routes=app.routes)
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for model in (Problem, OpenAIError):
        its = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= its.pop("$defs") | {model.__name__: its}
    schemas["LegacyError"] = PUBLISHED_ERROR
    for path, operations in schema["paths"].items():
        media_type, name = _error(path)
        content = {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        for operation in operations.values():
            operation["responses"].pop("422", None)
            given = operation["responses"].get("200", {}).get("content", {})
            if "text/event-stream" in given:
                given["text/event-stream"] = {"itemSchema": EVENT}
            operation["responses"]["4XX"] = {"description": "Refused.", "content": content}
            operation["responses"]["5XX"] = {"description": "Failed.", "content": content}
            if "security" in operation:  # a service without keys needs none
                operation["security"].append({})
    return schema


def _error(path: str) -> tuple[str, str]:
    """Return the media type and the schema of the errors of a path."""
    if path.startswith(PUBLISHED_PATHS):
        return "application/json", "LegacyError"
    if path.startswith(OPENAI_PATHS):
        return "application/json", "OpenAIError"
    return "application/problem+json", "Problem"
