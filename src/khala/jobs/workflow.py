"""A take as a durable workflow: backbone, superres, render are steps, and what a step made is a stored artifact.

The engine (DBOS) remembers which steps are done, lets one process at a time write to a workflow, and hands a workflow
that another process left to this one. Who gets which take is decided by `claims`: the engine's queues know neither
turns between owners nor batches.

A step stores its files, then records them and the end of the stage in one transaction, then returns to the engine.
Killed before the record, it is done over; killed after it, the files are found and the step only returns.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Protocol, TypeVar

from dbos import DBOS, DBOSConfig, DBOSConfiguredInstance, DBOSPortableJSONSerializer, SetWorkflowID

from khala.jobs.artifacts import Artifacts
from khala.jobs.claims import Claims, Lost, Point
from khala.jobs.database import Database
from khala.jobs.records import Artifact, Claim
from khala.music.errors import KhalaError, StoreError

log = logging.getLogger(__name__)
T = TypeVar("T")

VERSION = "1"
"""The order of the steps. An engine resumes only workflows of its own version."""

GATHERING = 1.0
"""Seconds that a take waits for the others at hand to be as far as it is, so that they share the next stage."""

SLOWEST_RETRY = 30.0
"""Seconds between two tries of a store that does not answer, at most."""


@dataclass(frozen=True)
class Made:
    """What a stage made: `files` by kind, as (media type, content); `seconds` of work by stage; seconds of song. The
    last stage adds the take's `metadata`."""

    files: Mapping[str, tuple[str, bytes]]
    seconds: Mapping[str, float]
    audio_seconds: float
    metadata: dict[str, Any] | None = None


class Report(Protocol):
    """Told several times a second how far a stage is. Raises Lost to end it."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


class Stages(Protocol):
    """What computes. Called by one thread at a time. After a StoreError (no room for temporary files) it is called
    again; another KhalaError is the take's own fault; any other Exception is taken for a fault of the process, which
    then ends."""

    def backbone(self, claims: Sequence[Claim], report: Report, wanted: Callable[[Claim], bool]) -> list[Made]:
        """Takes of one model, in one batch; each makes a file `backbone`. One that is not `wanted` any more (it was
        cancelled) may be left where it is."""
        ...

    def superres(self, claims: Sequence[Claim], backbones: Sequence[bytes], report: Report) -> list[Made]:
        """Takes of one model that share its passes, and their files `backbone`; each makes a file `codes`."""
        ...

    def render(self, claim: Claim, backbone: bytes, codes: bytes, report: Report) -> Made:
        """Makes the files `audio.flac`, `audio.mp3`, `metadata`, `peaks`, and the metadata."""
        ...


SHARED = ("backbone", "codes")
"""Files that a stage makes for several takes at once."""


@dataclass
class _Round:
    """The takes that are made together, and where each is."""

    held: dict[str, Claim]
    points: dict[str, Point]
    ended: dict[str, threading.Event]
    lost: set[str] = field(default_factory=set)
    decoded: set[str] = field(default_factory=set)
    waiting: dict[str, list[Claim]] = field(default_factory=lambda: {kind: [] for kind in SHARED})
    """Takes that lack a file of `SHARED` and nobody makes it."""
    made: dict[str, dict[str, Made | Exception]] = field(default_factory=lambda: {kind: {} for kind in SHARED})
    """What was made of takes that have not fetched it yet."""


@DBOS.dbos_class()
class Engine(DBOSConfiguredInstance):
    """Makes the takes that its worker claimed. There is one in a process; `launch` before `make`."""

    def __init__(self, database: Database, store: Artifacts, claims: Claims, stages: Stages) -> None:
        super().__init__("engine")
        self._database, self._store, self._claims, self._stages = database, store, claims, stages
        self._queue = f"worker-{claims.worker_id}"
        self._device = threading.Lock()
        self._round = _Round({}, {}, {})
        self._done: list[str] = []
        self.fault: Exception | None = None
        """What broke this process; no take can be made in it any more."""
        self.moved = time.monotonic()
        """When anything last moved on."""

    def launch(self) -> None:
        """Start the engine, on the tables that it keeps in the same database."""
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
        its_log = logging.getLogger("dbos")  # it comes with a handler of its own, in a format of its own
        its_log.handlers.clear()
        its_log.propagate = True
        DBOS.register_queue(self._queue, polling_interval_sec=0.5)
        self._tidy()

    def close(self) -> None:
        """Stop the engine."""
        with suppress(Exception):  # a leftover row in a table of the engine harms nobody
            for _ in range(10):
                self._sweep()
                if not self._done:
                    break
                time.sleep(0.1)
            DBOS.delete_queue(self._queue)
        DBOS.destroy()

    def make(self, claims: Sequence[Claim]) -> None:
        """Make takes of one model together. Returns when each of them is done, has failed, was lost or handed back.

        Raises what broke the process, after the takes were handed back.
        """
        self._sweep()
        self._round = _Round(
            held={claim.take_id: claim for claim in claims},
            points={claim.take_id: Point(None, 0.0) for claim in claims},
            ended={claim.take_id: threading.Event() for claim in claims},
        )
        for claim in claims:
            for kind in SHARED:
                if self._patiently(None, lambda c=claim, k=kind: self._claims.artifact(c, k)) is None:  # type: ignore[misc]
                    self._round.waiting[kind].append(claim)
        self.moved = time.monotonic()
        for claim in claims:
            self._start(claim)
        for ended in self._round.ended.values():
            ended.wait()
        left = [claim for claim in claims if claim.take_id not in self._round.lost | set(self._done)]
        self._round = _Round({}, {}, {})
        if left:
            reason = "the worker broke down" + (f" ({type(self.fault).__name__})" if self.fault else "")
            self._patiently(None, lambda: self._claims.give_back(left, reason, loss=True))
        if self.fault is not None:
            raise self.fault

    def beat(self, model: str | None) -> None:
        """Tell the database where the takes are, and hear which of them are lost. Raises StoreError."""
        now = self._round
        points = {(id, now.held[id].attempt): point for id, point in now.points.items() if id not in now.lost}
        now.lost |= self._claims.beat(points, model)

    def give_back(self, reason: str, loss: bool = False) -> None:
        """Hand back all takes at hand; what computes them ends at its next report. Raises StoreError."""
        now = self._round
        self._claims.give_back(list(now.held.values()), reason, loss)
        now.lost |= set(now.held)

    @property
    def busy(self) -> bool:
        """Whether there is a take at hand."""
        return bool(set(self._round.held) - self._round.lost)

    @DBOS.workflow(name="take")
    def take(self, take_id: str) -> None:
        """The workflow. Its id is the take's."""
        now = self._round
        try:
            for name, step in (("backbone", self._backbone), ("superres", self._superres), ("render", self._render)):
                DBOS.run_step({"name": name}, step, take_id)
        finally:
            if take_id in now.ended:
                now.ended[take_id].set()

    def _start(self, claim: Claim) -> None:
        status = DBOS.get_workflow_status(claim.take_id)
        if status is not None and status.status not in ("SUCCESS", "ERROR"):
            DBOS.resume_workflow(claim.take_id, queue_name=self._queue)
            return
        # a workflow that ended without its take (the engine itself failed) is not resumed: another one takes over
        with SetWorkflowID(claim.take_id if status is None else f"{claim.take_id}-{claim.attempt}"):
            DBOS.start_workflow(self.take, claim.take_id)

    def _tidy(self) -> None:
        """Forget what killed workers left in the engine's tables: queues, and workflows of takes that have ended."""
        alive = {f"worker-{id}" for id in self._claims.workers()}
        for queue in DBOS.list_queues():
            if queue.name.startswith("worker-") and queue.name not in alive | {self._queue}:
                DBOS.delete_queue(queue.name)
        found = {status.workflow_id for status in DBOS.list_workflows(load_input=False, load_output=False, limit=1000)}
        live = self._claims.live({id.partition("-")[0] for id in found})
        DBOS.delete_workflows([id for id in found if id.partition("-")[0] not in live])

    def _sweep(self) -> None:
        """Forget workflows that have ended: their takes are stored, and nothing more is asked of them."""
        for take_id in list(self._done):
            status = DBOS.get_workflow_status(take_id)
            if status is not None and status.status == "SUCCESS":
                DBOS.delete_workflow(take_id)
                self._done.remove(take_id)

    def _backbone(self, take_id: str) -> str:
        def work(claims: list[Claim]) -> dict[str, Made]:
            lost = self._round.lost
            report = self._report(claims)
            return _by_take(claims, self._stages.backbone(claims, report, lambda claim: claim.take_id not in lost))

        return self._stage(take_id, "backbone", lambda claim: self._shared("backbone", claim, work))

    def _superres(self, take_id: str) -> str:
        def work(claims: list[Claim]) -> dict[str, Made]:
            claims, contents = self._contents(claims)
            return _by_take(claims, self._stages.superres(claims, contents, self._report(claims)))

        self._gather(take_id)
        return self._stage(take_id, "codes", lambda claim: self._shared("codes", claim, work))

    def _render(self, take_id: str) -> str:
        def work(claim: Claim) -> Made:
            backbone, codes = self._content(claim, "backbone"), self._content(claim, "codes")
            return self._stages.render(claim, backbone, codes, self._report([claim]))

        made = self._stage(take_id, "audio.flac", work)
        self._done.append(take_id)
        return made

    def _stage(self, take_id: str, kind: str, work: Callable[[Claim], Made]) -> str:
        """Do the work unless its file is there already; returns the id of that file's artifact. Raises Lost, and no
        Exception: the engine would keep it as the outcome of the step."""
        claim = self._round.held.get(take_id)
        if claim is None:
            raise Lost(take_id)
        there = self._patiently(claim, lambda: self._claims.artifact(claim, kind))
        if there is not None:
            return there.id
        try:
            with self._device:
                self._require(claim)
                made = self._patiently(claim, lambda: work(claim))
            return self._keep(claim, kind, made)
        except KhalaError as error:
            log.warning("take failed", extra=_ids(claim) | {"error": str(error)})
            reason, kind = str(error), error.kind
            self._patiently(claim, lambda: self._claims.fail(claim, reason, kind))
            self._round.lost.add(take_id)
            raise Lost(take_id) from None
        except Exception as error:
            self.fault = error
            log.exception("worker broke down", extra=_ids(claim))
            raise Lost(take_id) from None

    def _keep(self, claim: Claim, kind: str, made: Made) -> str:
        stored: list[Artifact] = []
        try:
            for name, (media_type, data) in made.files.items():
                put = (claim.song_id, claim.take_id, name, media_type, data)
                stored.append(self._patiently(claim, lambda put=put: self._store.put(*put)))  # type: ignore[misc]
            record = (claim, stored, made.seconds, made.audio_seconds, made.metadata)
            self._patiently(claim, lambda: self._claims.finish_stage(*record))
        except Lost:
            for artifact in stored:
                with suppress(KhalaError):
                    self._store.delete(artifact)
            raise
        for stage, spent in made.seconds.items():
            log.info("stage done", extra=_ids(claim) | {"stage": stage, "seconds": round(spent, 3)})
        return next(artifact.id for artifact in stored if artifact.kind == kind)

    def _gather(self, take_id: str) -> None:
        """Wait until the other takes at hand are decoded, or a moment: their files are stored one by one."""
        now = self._round
        now.decoded.add(take_id)
        end = time.monotonic() + GATHERING
        while time.monotonic() < end and any(
            one.take_id not in now.decoded | now.lost and not now.ended[one.take_id].is_set()
            for one in now.waiting["codes"]
        ):
            time.sleep(0.02)

    def _shared(self, kind: str, claim: Claim, work: Callable[[list[Claim]], dict[str, Made]]) -> Made:
        """What `work` makes of this take, together with all takes at hand that lack the same and are as far."""
        now = self._round
        made = now.made[kind]
        if claim.take_id not in made:
            ready = [one for one in now.waiting[kind] if kind == "backbone" or one.take_id in now.decoded]
            now.waiting[kind] = [one for one in now.waiting[kind] if one not in ready]
            ready = [one for one in ready if one.take_id not in now.lost]
            made |= self._together(ready if claim in ready else [*ready, claim], work)
        if claim.take_id not in made:
            raise Lost(claim.take_id)
        one = made.pop(claim.take_id)
        if isinstance(one, Exception):
            raise one
        return one

    def _together(
        self, claims: list[Claim], work: Callable[[list[Claim]], dict[str, Made]]
    ) -> dict[str, Made | Exception]:
        """In one batch; if that fails, one by one, so that the fault is found with the take that has it."""
        try:
            return {**work(claims)}
        except Exception as error:
            if len(claims) == 1:
                return {claims[0].take_id: error}
        alone: dict[str, Made | Exception] = {}
        for claim in claims:
            alone |= self._together([claim], work)
        return alone

    def _contents(self, claims: list[Claim]) -> tuple[list[Claim], list[bytes]]:
        """The files `backbone` of those takes that are not lost meanwhile; of one alone, Lost if it is."""
        found: dict[str, bytes] = {}
        for claim in claims:
            with suppress(*([Lost] if len(claims) > 1 else [])):
                found[claim.take_id] = self._content(claim, "backbone")
        if not found:
            raise Lost(claims[0].take_id)
        return [claim for claim in claims if claim.take_id in found], list(found.values())

    def _content(self, claim: Claim, kind: str) -> bytes:
        artifact = self._patiently(claim, lambda: self._claims.artifact(claim, kind))
        assert artifact is not None
        return self._patiently(claim, lambda: self._store.get(artifact))

    def _report(self, claims: Sequence[Claim]) -> Report:
        now = self._round

        def report(stage: str, done: int, total: int) -> None:
            self.moved = time.monotonic()
            if now.lost.issuperset(claim.take_id for claim in claims):
                raise Lost(stage)
            for claim in claims:
                now.points[claim.take_id] = Point(stage, done / max(total, 1))

        return report

    def _require(self, claim: Claim | None) -> None:
        if claim is not None and claim.take_id in self._round.lost:
            raise Lost(claim.take_id)

    def _patiently(self, claim: Claim | None, act: Callable[[], T]) -> T:
        """Do what needs a store, again and again while the store does not answer. Raises Lost when `claim` is lost."""
        pause = 0.25
        while True:
            self._require(claim)
            try:
                done = act()
            except StoreError as error:
                log.warning("store fails", extra=_ids(claim) | {"error": str(error)})
                self._note(claim, str(error), error.kind)
            else:
                self._note(claim)
                return done
            for _ in range(int(pause / 0.25)):
                time.sleep(0.25)
                self._require(claim)
            pause = min(2 * pause, SLOWEST_RETRY)

    def _note(self, claim: Claim | None, note: str | None = None, kind: str | None = None) -> None:
        """Say what a take waits for; waiting is not hanging."""
        self.moved = time.monotonic()
        if claim is not None and (point := self._round.points[claim.take_id]).note != note:
            self._round.points[claim.take_id] = replace(point, note=note, note_kind=kind)


def _by_take(claims: Sequence[Claim], made: Sequence[Made]) -> dict[str, Made]:
    return {claim.take_id: one for claim, one in zip(claims, made, strict=True)}


def _telemetry() -> DBOSConfig:
    """Where the engine sends a span for every workflow and step, by the variables that OpenTelemetry names."""
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    to = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (base and f"{base}/v1/traces")
    if not to:
        return {}
    try:
        import_module("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        raise KhalaError("OpenTelemetry's exporter is missing; pip install 'khala-music[otel]'") from None
    return {"enable_otlp": True, "otlp_traces_endpoints": [to], "otel_attribute_format": "semconv"}


def _ids(claim: Claim | None) -> dict[str, str]:
    return {} if claim is None else {"song": claim.song_id, "take": claim.take_id}
