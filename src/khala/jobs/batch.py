"""The takes that a worker makes together: their progress, which of them it has lost, and retries on their behalf."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from khala.jobs.claims import ClaimLost, StageProgress
from khala.jobs.records import Claim
from khala.music.errors import StoreError
from khala.music.progress import Progress

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_RETRY_SECONDS = 30.0
"""Longest pause between two tries of a store that does not answer."""


class Batch:
    """Claims of one model. Shared by the threads of their workflows and the thread that sends heartbeats."""

    def __init__(self, claims: Sequence[Claim] = ()) -> None:
        self.claims = {claim.take_id: claim for claim in claims}
        self.progress = {take_id: StageProgress(None, 0.0) for take_id in self.claims}
        self.ended = {take_id: threading.Event() for take_id in self.claims}
        """Set when the workflow of a take has ended."""
        self.lost: set[str] = set()
        """Ids of takes that no longer belong to this worker, or that failed."""
        self.done: set[str] = set()
        """Ids of takes whose files are all stored."""
        self.fault: Exception | None = None
        """The error that broke this process; it can make no more takes."""
        self.last_activity = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether any take is left to work on."""
        return bool(set(self.claims) - self.lost)

    def require(self, claim: Claim | None) -> None:
        """Raise ClaimLost if the claim has ended."""
        if claim is not None and claim.take_id in self.lost:
            raise ClaimLost(claim.take_id)

    def report(self, claims: Sequence[Claim]) -> Progress:
        """Return the progress callback of a stage that computes `claims`. It raises ClaimLost once all are lost."""

        def report(stage: str, done: int, total: int) -> None:
            self.last_activity = time.monotonic()
            if self.lost.issuperset(claim.take_id for claim in claims):
                raise ClaimLost(stage)
            for claim in claims:
                self.progress[claim.take_id] = StageProgress(stage, done / max(total, 1))

        return report

    def with_retry(self, claim: Claim | None, act: Callable[[], T]) -> T:
        """Call `act` until the store that it needs answers, and return its result. Raises ClaimLost once `claim` is
        lost."""
        pause = 0.25
        while True:
            self.require(claim)
            try:
                result = act()
            except StoreError as error:
                log.warning("store fails", extra={**(claim.log_fields if claim else {}), "error": str(error)})
                self._note(claim, str(error), error.kind)
            else:
                self._note(claim)
                return result
            for _ in range(int(pause / 0.25)):
                time.sleep(0.25)
                self.require(claim)
            pause = min(2 * pause, MAX_RETRY_SECONDS)

    def _note(self, claim: Claim | None, note: str | None = None, kind: str | None = None) -> None:
        """Record what a take waits for. Waiting counts as activity: it is not hanging."""
        self.last_activity = time.monotonic()
        if claim is not None and (progress := self.progress[claim.take_id]).note != note:
            self.progress[claim.take_id] = replace(progress, note=note, note_kind=kind)
