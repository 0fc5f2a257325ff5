"""The API for language models, at /llms.txt: what the service is, and its routes in a line each (https://llmstxt.org)."""

from collections.abc import Iterator
from typing import Any

from khala.server.problems import PUBLISHED_PATHS

HOW = """\
A song is submitted with `POST /api/v1/songs` and made in the background; `GET /api/v1/songs/{song_id}` tells how far
its takes are, and `GET /api/v1/takes/{take_id}/audio.mp3` returns the audio of a finished one. `POST /api/v1/outline`
previews a request: how its lyrics are read, and what does not fit. Lyrics have a header such as [verse] or [chorus] on
its own line before each section. Where the service needs a key, send `Authorization: Bearer KEY`. Errors are problem
documents whose `detail` says in one line what is wrong."""


def llms_text(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the file for an OpenAPI description."""
    yield f"# Khala {schema['info']['version']}\n\n> {schema['info']['summary']}\n\n{HOW}\n"
    yield "## Documentation\n"
    yield "- [API](/api/docs): all routes, fields and errors"
    yield "- [OpenAPI](/api/openapi.json): the same for programs\n"
    yield "## Routes\n"
    for path, operations in schema["paths"].items():
        if not path.startswith(PUBLISHED_PATHS):
            for method, operation in operations.items():
                yield f"- `{method.upper()} {path}`: {_first_sentence(operation.get('description', ''))}"


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".")
