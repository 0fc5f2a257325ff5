"""A take as a durable workflow: its steps are backbone, superres and render, and each step leaves a stored artifact.

The engine (DBOS) remembers which steps are done, lets one process at a time write to a workflow, and passes a workflow
that another process left on to this one. Which worker gets which take is decided by `claims`: the engine's queues know
neither turns between owners nor batches.
"""

import logging
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from dbos import DBOS, DBOSConfig, DBOSConfiguredInstance, DBOSPortableJSONSerializer, SetWorkflowID

from khala.jobs.artifacts import Artifacts
from khala.jobs.batch import Batch
from khala.jobs.claims import Claims
from khala.jobs.database import Database
from khala.jobs.records import Claim
from khala.jobs.stages import Stages
from khala.jobs.steps import Steps
from khala.music.errors import KhalaError

VERSION = "1"
"""Version of the workflow's steps and their order. The engine resumes only workflows of its own version."""


@DBOS.dbos_class()
class Engine(DBOSConfiguredInstance):
    """Makes the takes that its worker has claimed. One per process; call `launch` before `make`."""

    def __init__(self, database: Database, store: Artifacts, claims: Claims, stages: Stages) -> None:
        super().__init__("engine")
        self._database, self._store, self._claims, self._stages = database, store, claims, stages
        self._queue = f"worker-{claims.worker_id}"
        self._batch = Batch()
        self._steps = Steps(self._batch, store, claims, stages)
        self._finished: set[str] = set()

    def launch(self) -> None:
        """Start the engine, with its own tables in the same database."""
        config: DBOSConfig = {
            "name": "khala",
            "system_database_url": self._database.url,
            "executor_id": self._claims.worker_id,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),  # its default is pickle
            "log_level": "WARNING",
            **_telemetry(),
        }
        DBOS(config=config)
        DBOS.listen_queues([self._queue])
        DBOS.launch()
        engine_log = logging.getLogger("dbos")  # it comes with its own handler and format
        engine_log.handlers.clear()
        engine_log.propagate = True
        DBOS.register_queue(self._queue, polling_interval_sec=0.5)
        self._delete_stale()

    def close(self) -> None:
        """Stop the engine."""
        with suppress(Exception):  # a leftover row in one of the engine's tables does no harm
            for _ in range(10):
                self._delete_finished()
                if not self._finished:
                    break
                time.sleep(0.1)
            DBOS.delete_queue(self._queue)
        DBOS.destroy()

    def make(self, claims: Sequence[Claim]) -> None:
        """Make takes of one model together. Returns when each of them is done, failed, lost or handed back.

        Raises the error that broke the process, after the takes were handed back.
        """
        self._delete_finished()
        batch = self._batch = Batch(claims)
        self._steps = Steps(batch, self._store, self._claims, self._stages)
        for claim in claims:
            self._start(claim)
        for ended in batch.ended.values():
            ended.wait()
        self._finished |= batch.done
        left = [claim for claim in claims if claim.take_id not in batch.lost | batch.done]
        self._batch = Batch()
        if left:
            reason = "the worker broke down" + (f" ({type(batch.fault).__name__})" if batch.fault else "")
            batch.with_retry(None, lambda: self._claims.give_back(left, reason, loss=True))
        if batch.fault is not None:
            raise batch.fault

    def heartbeat(self, model: str | None) -> None:
        """Record where the takes are and learn which of them are lost. Raises StoreError."""
        batch = self._batch
        progress = {
            (take_id, batch.claims[take_id].attempt): at
            for take_id, at in batch.progress.items()
            if take_id not in batch.lost
        }
        batch.lost |= self._claims.heartbeat(progress, model)

    def give_back(self, reason: str, loss: bool = False) -> None:
        """Hand back all takes of the batch; their computation ends at its next report. Raises StoreError."""
        batch = self._batch
        self._claims.give_back(list(batch.claims.values()), reason, loss)
        batch.lost |= set(batch.claims)

    @property
    def busy(self) -> bool:
        """Whether any take is being made."""
        return self._batch.busy

    @property
    def last_activity(self) -> float:
        """Time of the last progress or retry, as `time.monotonic`."""
        return self._batch.last_activity

    @DBOS.workflow(name="take")
    def take(self, take_id: str) -> None:
        """Run the workflow of a take. Its id is the take's."""
        steps = self._steps
        ended = steps.batch.ended.get(take_id)
        try:
            for name, step in (("backbone", steps.backbone), ("superres", steps.superres), ("render", steps.render)):
                DBOS.run_step({"name": name}, step, take_id)
        finally:
            if ended is not None:
                ended.set()

    def _start(self, claim: Claim) -> None:
        status = DBOS.get_workflow_status(claim.take_id)
        if status is not None and status.status not in ("SUCCESS", "ERROR"):
            DBOS.resume_workflow(claim.take_id, queue_name=self._queue)
            return
        # a workflow that ended without its take (the engine itself failed) is not resumed: a new one replaces it
        with SetWorkflowID(claim.take_id if status is None else f"{claim.take_id}-{claim.attempt}"):
            DBOS.start_workflow(self.take, claim.take_id)

    def _delete_stale(self) -> None:
        """Delete what killed workers left in the engine's tables: queues, and workflows of takes that have ended."""
        alive = {f"worker-{id}" for id in self._claims.workers()}
        for queue in DBOS.list_queues():
            if queue.name.startswith("worker-") and queue.name not in alive | {self._queue}:
                DBOS.delete_queue(queue.name)
        found = {status.workflow_id for status in DBOS.list_workflows(load_input=False, load_output=False, limit=1000)}
        active = self._claims.active({id.partition("-")[0] for id in found})
        DBOS.delete_workflows([id for id in found if id.partition("-")[0] not in active])

    def _delete_finished(self) -> None:
        """Delete workflows that have ended: their takes are stored, and nothing more is asked of them."""
        for take_id in list(self._finished):
            status = DBOS.get_workflow_status(take_id)
            if status is not None and status.status == "SUCCESS":
                DBOS.delete_workflow(take_id)
                self._finished.remove(take_id)


def _telemetry() -> DBOSConfig:
    """Return where the engine sends a span for every workflow and step, from OpenTelemetry's environment variables."""
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    to = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (base and f"{base}/v1/traces")
    if not to:
        return {}
    try:
        import_module("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        raise KhalaError("OpenTelemetry's exporter is missing; pip install 'khala-music[otel]'") from None
    return {"enable_otlp": True, "otlp_traces_endpoints": [to], "otel_attribute_format": "semconv"}
