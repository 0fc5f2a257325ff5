"""A worker process: claims takes, makes them, sends heartbeats, and hands back what it cannot finish."""

import logging
import os
import signal
import threading
import time
from typing import Protocol

from khala.jobs.claims import Claims, release_lost
from khala.jobs.engine import Engine
from khala.jobs.library import Library
from khala.jobs.stages import Stages
from khala.music.errors import StoreError

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.4
"""Interval of heartbeats, which also tell the worker of cancelled takes."""

REAP_SECONDS = 5.0
"""Interval of the search for dead workers."""

TIDY_SECONDS = 300.0
"""Interval of the search for files that only listeners of live takes needed."""

EXIT_HUNG = 75
"""Exit status of a worker whose device hangs."""


class LoadedStages(Stages, Protocol):
    """Stages that keep a model in memory."""

    model: str | None

    def unload(self) -> None:
        """Free the memory that the model takes."""
        ...


class Worker:
    """Makes takes until it is stopped.

    `slots`: most takes decoded together. `keep_loaded`: whether the model stays in memory between batches. After
    `stall` seconds without progress, takes are handed back and the process ends. After `stop`, takes have `grace`
    seconds to finish. `with_parent`: stop when the process that started this one ends.
    """

    def __init__(
        self,
        library: Library,
        stages: LoadedStages,
        host: str,
        device: str,
        *,
        slots: int = 4,
        keep_loaded: bool = True,
        stall: float = 120.0,
        grace: float = 20.0,
        with_parent: bool = False,
    ) -> None:
        self._library, self._stages = library, stages
        self._slots, self._keep_loaded, self._stall, self._grace = slots, keep_loaded, stall, grace
        self._parent = os.getppid() if with_parent else None
        self._claims = Claims(library.database, host, device)
        self._engine = Engine(library.database, library.store, self._claims, stages)
        self._stopping = threading.Event()
        self._stop_at = float("inf")
        self._over = threading.Event()

    def run(self) -> None:
        """Work until `stop`. Raises the error that broke the process, after its takes were handed back."""
        self._engine.launch()
        watch = threading.Thread(target=self._watch, name="watch", daemon=True)
        watch.start()
        log.info("worker started", extra={"worker": self._claims.worker_id})
        try:
            self._sweep()
            while not self._stopping.is_set():
                if not self._work():
                    self._stopping.wait(HEARTBEAT_SECONDS)
        finally:
            self._over.set()
            watch.join(5.0)
            try:
                self._claims.retire()
                self._engine.close()
            except StoreError as error:
                log.warning("store fails", extra={"error": str(error)})
            log.info("worker ended", extra={"worker": self._claims.worker_id})

    def stop(self) -> None:
        """Claim no more takes, and give the current ones `grace` seconds to finish; called again, stop at once."""
        self._stop_at = 0.0 if self._stopping.is_set() else time.monotonic() + self._grace
        self._stopping.set()

    def stop_on_signals(self) -> None:
        """Call `stop` on SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())

    def _work(self) -> bool:
        """Claim and make a batch of takes; returns whether there was one."""
        try:
            claims = self._claims.claim(self._slots, self._stages.can_be_live)
        except StoreError as error:
            log.warning("store fails", extra={"error": str(error)})
            self._stopping.wait(2.0)
            return False
        if not claims:
            return False
        log.info("takes claimed", extra={"takes": [claim.take_id for claim in claims]})
        self._engine.make(claims)
        if not self._keep_loaded:
            self._stages.unload()
        return True

    def _sweep(self) -> None:
        try:
            for song in self._library.maintenance.sweep():
                log.info("files of a deleted song removed", extra={"song": song})
        except StoreError as error:
            log.warning("store fails", extra={"error": str(error)})

    def _watch(self) -> None:
        """Run the watch thread. If it breaks, the process ends: without heartbeats its takes would be lost again and
        again."""
        try:
            self._watch_over()
        except BaseException:
            log.exception("worker broke down")
            os._exit(1)

    def _watch_over(self) -> None:
        """Send heartbeats, find dead workers, and end takes that hang or outlast the grace period."""
        reaped = tidied = 0.0
        while not self._over.wait(HEARTBEAT_SECONDS):
            now = time.monotonic()
            try:
                if self._engine.busy and now - self._engine.last_activity > self._stall:
                    self._die()
                if now > self._stop_at and self._engine.busy:
                    self._engine.give_back("the worker was stopped")
                self._engine.heartbeat(self._stages.model)
                if now - reaped > REAP_SECONDS:
                    reaped = now
                    for take in release_lost(self._library.database):
                        log.warning("take of a lost worker queued again", extra={"take": take})
                if now - tidied > TIDY_SECONDS:
                    tidied = now
                    self._library.maintenance.drop_parts()
            except StoreError as error:
                log.warning("store fails", extra={"error": str(error)})
                if now > self._stop_at:  # takes cannot be handed back; other processes will find this worker dead
                    os._exit(1)
            if self._parent not in (None, os.getppid()) and not self._stopping.is_set():
                self.stop()

    def _die(self) -> None:
        """End the process of a hanging device: its thread cannot be stopped."""
        log.error("no progress; the worker ends", extra={"seconds": self._stall})
        try:
            self._engine.give_back(f"no progress for {self._stall:g} seconds", loss=True)
            self._claims.retire()
        finally:
            os._exit(EXIT_HUNG)
