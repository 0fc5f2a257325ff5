import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS
from serving import Service

from khala.jobs.records import Limits
from khala.server.app import create_routes

ROOT = Path(__file__).parents[2]
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EXAMPLES = int(os.environ.get("KHALA_EXAMPLES", "6"))
"""Requests a route; more by hand."""


def test_clients_are_generated_from_the_api_as_it_is() -> None:
    kept = json.loads((ROOT / "web" / "openapi.json").read_text())
    assert kept == create_routes().openapi(), "run: python -m khala.server.openapi > web/openapi.json"


def test_every_refusal_of_the_api_is_described() -> None:
    schema = create_routes().openapi()
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert {"4XX", "5XX"} <= set(operation["responses"]), path
            assert operation["description"] and operation["tags"], path
    ids = [operation["operationId"] for operations in schema["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))


@pytest.fixture
def answering(serve: Callable[..., Service]) -> Service:
    """A service with songs in all states, whose queue does not fill up and whose streams end at once."""
    service = serve(limits=Limits(owner_queued=10**6, queued=10**6))
    service.make(takes=2)
    service.client.post(f"/api/v1/songs/{service.ask()['id']}/cancel")
    service.ask()
    service.app.state.context.hub.close()
    return service


def checks_of(path: str) -> list[Any]:
    """What is checked of the answers of a path. Who waits for a song hears that the server stops: no failure."""
    return [CHECKS.get_one(name) for name in (CHECKED[1:] if path == "/v1/audio/speech" else CHECKED)]


def test_requests_of_every_kind_keep_to_the_description(answering: Service) -> None:
    """No failure, and no answer that the description does not know, to requests that keep to it and that do not."""
    songs = answering.client.get("/api/v1/songs").json()["songs"]
    known = [song["id"] for song in songs], [take["id"] for song in songs for take in song["takes"]]
    schema = schemathesis.openapi.from_dict(answering.app.openapi())
    schema.app = answering.app
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in schemathesis.GenerationMode:
            cases = operation.as_strategy(generation_mode=mode)

            @seed(0)
            @settings(
                max_examples=EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
            )
            @given(case=cases, number=st.integers(0, 2))
            def ask(case: schemathesis.Case, number: int) -> None:
                for name, ids in (("song_id", known[0]), ("job_id", known[0]), ("take_id", known[1])):
                    if number and name in case.path_parameters:
                        case.path_parameters[name] = ids[number % len(ids)]
                answer = case.call_and_validate(checks=checks_of(case.operation.path), base_url="http://localhost")
                assert answer.status_code != 500

            # the routes that take nothing have nothing to get wrong
            with suppress(*([Unsatisfiable] if mode is schemathesis.GenerationMode.NEGATIVE else [])):
                ask()
