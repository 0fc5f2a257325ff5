"""The steps of a take's workflow: backbone, superres, render. A live take does all its work in the first of them.

A step stores its files, then records them and the end of the stage in one transaction, then returns to the engine.
Killed before the record, it is repeated; killed after it, the files are found and the step only returns.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from khala.jobs.artifacts import Artifacts
from khala.jobs.batch import Batch
from khala.jobs.claims import ClaimLost, Claims
from khala.jobs.records import HEARD, SOURCE, WINDOW, Artifact, Claim, numbered
from khala.jobs.shared_stage import SharedStage
from khala.jobs.stages import Left, StageOutput, Stages
from khala.music.errors import KhalaError

log = logging.getLogger(__name__)

GATHER_SECONDS = 1.0
"""How long a decoded take waits for the others of its batch, so that they share the passes of super-resolution."""


class Steps:
    """The steps of the takes of one batch, each called in the thread of its take's workflow.

    A step takes a take id and returns the id of its artifact. It raises ClaimLost, and never an Exception: the engine
    would keep that as the outcome of the step.
    """

    def __init__(self, batch: Batch, store: Artifacts, claims: Claims, stages: Stages) -> None:
        self.batch, self._store, self._claims, self._stages = batch, store, claims, stages
        self._device = threading.Lock()
        its = list(batch.claims.values())
        self._is_live = len(its) == 1 and its[0].origin is None and stages.can_be_live(its[0].model)
        self._decoded: set[str] = set()
        self._backbones, self._codes = (SharedStage(self._lacking(kind)) for kind in ("backbone", "codes"))

    def backbone(self, take_id: str) -> str:
        """Decode the take, in one batch with all others that need it; or make it as a whole, to be heard meanwhile."""
        if self._is_live:
            return self._live(take_id)

        def compute(claims: list[Claim]) -> dict[str, StageOutput]:
            claims = [self._with_sources(claim) for claim in claims]
            outputs = self._stages.backbone(claims, self.batch.report(claims), self._wanted)
            return _by_take(claims, outputs)

        return self._run(take_id, "backbone", lambda claim: self._backbones.output(claim, self._wanted, compute))

    def superres(self, take_id: str) -> str:
        """Refine the take, in shared passes with all others that are decoded."""
        if self._is_live:
            return self._live(take_id)

        def compute(claims: list[Claim]) -> dict[str, StageOutput]:
            claims, contents = self._backbone_files(claims)
            claims = [self._with_sources(claim) for claim in claims]
            return _by_take(claims, self._stages.superres(claims, contents, self.batch.report(claims)))

        def ready(claim: Claim) -> bool:
            return claim.take_id in self._decoded and self._wanted(claim)

        self._gather(take_id)
        return self._run(take_id, "codes", lambda claim: self._codes.output(claim, ready, compute))

    def render(self, take_id: str) -> str:
        """Render the take, alone."""

        def compute(claim: Claim) -> StageOutput:
            backbone, codes = self._content(claim, "backbone"), self._content(claim, "codes")
            return self._stages.render(self._with_sources(claim), backbone, codes, self.batch.report([claim]))

        artifact_id = self._live(take_id) if self._is_live else self._run(take_id, "audio.flac", compute)
        self.batch.done.add(take_id)
        return artifact_id

    def _live(self, take_id: str) -> str:
        """Make what is left of the take, all stages side by side."""

        def compute(claim: Claim) -> StageOutput:
            report = self.batch.report([claim])
            return self._stages.live(claim, self._left(claim), report, lambda part: self._store_output(claim, part))

        return self._run(take_id, "audio.flac", compute)

    def _left(self, claim: Claim) -> Left:
        """Return what an attempt before has left of a live take."""
        stored = self.batch.with_retry(claim, lambda: self._claims.artifacts(claim))
        windows, heard = numbered(stored, WINDOW), numbered(stored, HEARD)
        has_backbone = any(artifact.kind == "backbone" for artifact in stored)
        return Left(
            backbone=self._content(claim, "backbone") if has_backbone else None,
            windows=[self._read(claim, artifact) for artifact in windows],
            parts=len(heard),
            heard_bytes=sum(artifact.size for artifact in heard),
        )

    def _run(self, take_id: str, kind: str, compute: Callable[[Claim], StageOutput]) -> str:
        """Compute a stage unless its file `kind` is stored already; returns the id of that file's artifact."""
        batch = self.batch
        claim = batch.claims.get(take_id)
        if claim is None:
            raise ClaimLost(take_id)
        stored = self._stored(claim, kind)
        if stored is not None:
            return stored.id
        try:
            with self._device:
                batch.require(claim)
                output = batch.with_retry(claim, lambda: compute(claim))
            ids = self._store_output(claim, output)
            return ids[kind]
        except KhalaError as error:
            log.warning("take failed", extra={**claim.log_fields, "error": str(error)})
            reason, kind = str(error), error.kind
            batch.with_retry(claim, lambda: self._claims.fail(claim, reason, kind))
            batch.lost.add(take_id)
            raise ClaimLost(take_id) from None
        except Exception as error:
            batch.fault = error
            log.exception("worker broke down", extra=claim.log_fields)
            raise ClaimLost(take_id) from None

    def _store_output(self, claim: Claim, output: StageOutput) -> dict[str, str]:
        """Store and record the files of a stage, or of a part of it; returns the ids of their artifacts by kind."""
        batch = self.batch
        stored: list[Artifact] = []
        try:
            for name, (media_type, data) in output.files.items():
                put = (claim.song_id, claim.take_id, name, media_type, data)
                stored.append(batch.with_retry(claim, lambda put=put: self._store.put(*put)))  # type: ignore[misc]
            record = (claim, stored, output.seconds, output.audio_seconds, output.metadata)
            batch.with_retry(claim, lambda: self._claims.finish_stage(*record))
        except ClaimLost:
            for artifact in stored:
                with suppress(KhalaError):
                    self._store.delete(artifact)
            raise
        for stage, seconds in output.seconds.items():
            log.info("stage done", extra={**claim.log_fields, "stage": stage, "seconds": round(seconds, 3)})
        return {artifact.kind: artifact.id for artifact in stored}

    def _gather(self, take_id: str) -> None:
        """Wait up to GATHER_SECONDS for the other takes to be decoded: their files are stored one by one."""
        batch = self.batch
        self._decoded.add(take_id)
        end = time.monotonic() + GATHER_SECONDS
        while time.monotonic() < end and any(
            one.take_id not in self._decoded | batch.lost and not batch.ended[one.take_id].is_set()
            for one in self._codes.waiting
        ):
            time.sleep(0.02)

    def _lacking(self, kind: str) -> list[Claim]:
        """Return the claims whose file `kind` is not stored yet."""

        def lacks(claim: Claim) -> bool:
            return self.batch.with_retry(None, lambda: self._claims.artifact(claim, kind)) is None

        return [claim for claim in self.batch.claims.values() if lacks(claim)]

    def _stored(self, claim: Claim, kind: str) -> Artifact | None:
        return self.batch.with_retry(claim, lambda: self._claims.artifact(claim, kind))

    def _backbone_files(self, claims: list[Claim]) -> tuple[list[Claim], list[bytes]]:
        """Return the claims that are not lost meanwhile, and their files `backbone`. Raises ClaimLost if all are."""
        found: dict[str, bytes] = {}
        for claim in claims:
            with suppress(*([ClaimLost] if len(claims) > 1 else [])):
                found[claim.take_id] = self._content(claim, "backbone")
        if not found:
            raise ClaimLost(claims[0].take_id)
        return [claim for claim in claims if claim.take_id in found], list(found.values())

    def _with_sources(self, claim: Claim) -> Claim:
        """Return the claim with the files that it is made out of, which stay where they are until the take is done."""
        if claim.origin is None:
            return claim
        stored = self.batch.with_retry(claim, lambda: self._claims.artifacts(claim))
        its = [artifact for artifact in stored if artifact.kind.startswith(SOURCE)]
        sources = {one.kind.removeprefix(SOURCE): self._read(claim, one) for one in its}
        return replace(claim, sources=sources)

    def _content(self, claim: Claim, kind: str) -> bytes:
        artifact = self._stored(claim, kind)
        assert artifact is not None
        return self._read(claim, artifact)

    def _read(self, claim: Claim, artifact: Artifact) -> bytes:
        return self.batch.with_retry(claim, lambda: self._store.get(artifact))

    def _wanted(self, claim: Claim) -> bool:
        return claim.take_id not in self.batch.lost


def _by_take(claims: Sequence[Claim], outputs: Sequence[StageOutput]) -> dict[str, StageOutput]:
    return {claim.take_id: output for claim, output in zip(claims, outputs, strict=True)}
