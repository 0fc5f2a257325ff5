import shutil
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import NEW, Service
from sqlalchemy import event

from khala.jobs.claims import StageProgress
from khala.music.errors import StoreError


def test_alive_and_ready(service: Service) -> None:
    assert service.client.get("/healthz").json() == service.client.get("/readyz").json() == {"status": "ok"}


def test_a_store_that_cannot_be_written_is_not_ready(service: Service) -> None:
    shutil.rmtree(service.folder / "artifacts", ignore_errors=True)
    (service.folder / "artifacts").write_text("a file where the folder was")
    answer = service.client.get("/readyz")
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    problem = answer.json()
    assert (problem["type"], problem["kind"]) == ("/api/docs#unavailable", "storage-unreachable")
    assert str(service.folder) not in answer.text
    assert service.client.get("/healthz").status_code == 200


def test_a_database_that_fails_is_told_in_words(service: Service) -> None:
    with service.library.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE events")
    for path in ("/readyz", "/api/v1/events"):
        answer = service.client.get(path)
        assert answer.status_code == 503 and "database" in answer.json()["detail"], path


def test_a_full_database_is_told_by_everything_that_waits_for_it(service: Service) -> None:
    song, database = service.ask(), service.library.database
    (claim,) = service.claims.claim(1)

    def full(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # no more than there are

    def take() -> tuple[str | None, str | None]:
        found = service.client.get(f"/api/v1/songs/{song['id']}").json()["takes"][0]
        return found["note"], found["note_kind"]

    database.engine.dispose()
    event.listen(database.engine, "connect", full)
    assert take() == (None, None), "nobody has noticed yet"
    long = {"lyrics": "la " * 3000, "instrumental": False}
    for path, body in (("/readyz", None), ("/api/v1/songs", {**NEW, **long})):
        answer = service.client.post(path, json=body) if body else service.client.get(path)
        problem = answer.json()
        assert (answer.status_code, problem["kind"], problem["retry_after"]) == (503, "database-full", 10), path
    note, kind = take()
    assert kind == "database-full" and note and "full" in note
    assert service.client.get("/api/v1/status").json()["trouble"] == "database-full"
    with pytest.raises(StoreError):
        service.library.maintenance.reap()

    event.remove(database.engine, "connect", full)
    database.engine.dispose()
    assert service.library.maintenance.reap() == [] and take() == (None, None)
    assert service.client.get("/api/v1/status").json()["trouble"] is None
    assert service.client.get("/readyz").status_code == 200
    assert service.library.events(0)[-1].kind == "started", "no trace of the trials"
    service.finish(claim)
    assert service.client.get(f"/api/v1/songs/{song['id']}").json()["state"] == "done"


def test_what_a_running_take_waits_for_is_told_by_the_status(service: Service) -> None:
    service.ask()
    (claim,) = service.claims.claim(1)
    point = StageProgress("decode", 1.0, "No space left on device", "storage-full")
    service.claims.heartbeat({(claim.take_id, claim.attempt): point}, "noise")
    assert service.client.get("/api/v1/status").json()["trouble"] == "storage-full"


def test_what_nobody_foresaw_tells_nothing(service: Service) -> None:
    service.library.maintenance.status = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    answer = service.client.get("/api/v1/status")
    assert answer.status_code == 500 and "division" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_metrics(service: Service) -> None:
    service.make(takes=2)
    service.ask()
    service.client.get("/nowhere/at/all")
    text = service.client.get("/metrics").text
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    model = service.settings.model
    assert samples["khala_takes_queued",] == 1 and samples["khala_takes_running",] == 0
    assert samples["khala_workers",] == 1
    assert samples["khala_takes_count_total", *sorted((model, "done"))] == 2
    assert samples["khala_stage_seconds_sum_total", *sorted((model, "backbone"))] > 0
    assert samples["khala_tokens_total", model] == pytest.approx(2 * 43.066, abs=0.01)  # two seconds of song
    assert samples["khala_http_requests_total", *sorted(("POST", "/api/v1/songs", "202"))] == 2
    assert samples["khala_http_requests_total", *sorted(("GET", "none", "404"))] == 1
    assert "/nowhere" not in text
    assert samples["process_resident_memory_bytes",] > 0


def test_failures_are_counted(service: Service) -> None:
    service.library.maintenance.status = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    service.client.get("/api/v1/status")
    counted = service.app.state.context.metrics.requests.labels("GET", "/api/v1/status", "500")
    assert counted._value.get() == 1


def test_models_and_status(service: Service) -> None:
    model = service.client.get("/api/v1/models").json()["models"][0]
    assert model["default"] and model["name"] == service.settings.model and model["max_seconds"] == 30.0
    assert model["card"].startswith("# Tiny") and len(model["digest"]) == 64
    service.claims.heartbeat({}, "noise")
    service.ask(takes=2)
    service.claims.claim(1)
    status = service.client.get("/api/v1/status").json()
    assert (status["queued"], status["running"]) == (1, 1)
    assert [(worker["device"], worker["takes"]) for worker in status["workers"]] == [("cpu", 1)]
