"""The API documentation, built from the OpenAPI description: plain HTML without scripts at /api/docs, and /llms.txt."""

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse

from khala.server.llms import llms_text
from khala.server.problems import KINDS

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font: 0.875rem/1.5 ui-monospace, monospace; }
h2 { margin-top: 3rem; }
h3 { margin: 2rem 0 0; }
p { margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; }
td { vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid #8884; }
a { color: inherit; }
"""


def install(app: FastAPI) -> None:
    """Serve /api/docs and /llms.txt."""
    cached: list[str] = []

    @app.get("/api/docs", include_in_schema=False)
    def api_docs() -> HTMLResponse:
        if not cached:
            cached.append("".join(_page(app.openapi())))
        return HTMLResponse(cached[0])

    @app.get("/llms.txt", include_in_schema=False)
    def llms_txt() -> PlainTextResponse:
        return PlainTextResponse("\n".join(llms_text(app.openapi())) + "\n")


def _page(schema: dict[str, Any]) -> Iterator[str]:
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Khala API</title><style>{STYLE}</style>'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<h1>Khala API {escape(schema['info']['version'])}</h1><p>{escape(schema['info']['summary'])}</p>"
    yield '<p>For machines: <a href="/api/openapi.json">openapi.json</a>.</p>'
    groups: dict[str, list[str]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append("".join(_operation(method, path, operation)))
    for group, parts in groups.items():
        yield f"<h2>{escape(group.capitalize())}</h2>{''.join(parts)}"
    yield "<h2>Schemas</h2>"
    for name, part in sorted(schema["components"]["schemas"].items()):
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3>{_text(part.get("description", ""))}'
        yield _table((field, _kind(shape), shape) for field, shape in part.get("properties", {}).items())
    yield "<h2>Problems</h2><p>The kinds of problem that <code>type</code> points to.</p><table>"
    for kind, (status, title) in KINDS.items():
        yield f'<tr id="{kind}"><td><code>{kind}</code><td>{status}<td>{escape(title)}'
    yield "</table></html>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>{_text(operation.get('description', ''))}"
    parameters = operation.get("parameters", [])
    yield _table(
        (f"{one['name']} ({one['in']})", _kind(one["schema"]), one) for one in parameters if one["in"] != "path"
    )
    for what, content in [("Request", operation.get("requestBody", {})), *operation["responses"].items()]:
        kinds = [f"{media}: {_kind(body.get('schema', {}))}" for media, body in content.get("content", {}).items()]
        if what == "Request" and not kinds:
            continue
        yield f"<p><b>{escape(what)}</b> {escape(content.get('description', ''))} {'; '.join(kinds)}</p>"


def _table(rows: Iterator[tuple[str, str, dict[str, Any]]]) -> str:
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{kind}<td>{escape(shape.get('description', ''))}"
        for name, kind, shape in rows
    )
    return f"<table>{cells}</table>" if cells else ""


def _text(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.replace("\n- ", "\n\n- ").split("\n\n") if part)


def _kind(shape: dict[str, Any]) -> str:
    """Return the type and limits of a value, as HTML."""
    if "$ref" in shape:
        name = escape(shape["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in shape:
        return " or ".join(_kind(one) for one in shape["anyOf"])
    if "enum" in shape:
        return escape(", ".join(map(str, shape["enum"])))
    if shape.get("type") == "array":
        return f"list of {_kind(shape.get('items', {}))}"
    limits = [f"{word} {shape[key]:g}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in shape]
    limits += [f"at most {shape['maxLength']} characters"] if "maxLength" in shape else []
    return escape(" ".join([str(shape.get("format", shape.get("type", "anything"))), *limits]))
