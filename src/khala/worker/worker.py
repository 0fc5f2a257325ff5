"""A worker: claims takes, has them made, tells how far they are, and leaves nothing behind when it goes."""

import logging
import os
import signal
import threading
import time
from typing import Protocol

from khala.jobs.claims import Claims, release_lost
from khala.jobs.library import Library
from khala.jobs.workflow import Engine, Stages
from khala.music.errors import StoreError

log = logging.getLogger(__name__)

BEAT = 0.4
"""Seconds between two looks at whether takes were cancelled."""

REAP = 5.0
"""Seconds between two looks for workers that are gone."""

HUNG = 75
"""Exit status of a worker whose device hangs."""


class LoadedStages(Stages, Protocol):
    """Stages that keep a model in memory."""

    model: str | None

    def unload(self) -> None:
        """Free the memory that the model takes."""
        ...


class Worker:
    """Makes takes until it is told to stop.

    `slots`: takes that are decoded together at most. `keep_loaded`: whether the model stays in memory between them.
    When nothing moves for `stall` seconds, takes are handed back and the process ends. After `stop`, takes may go on
    for `grace` seconds. `with_parent`: stop when the process that started this one ends.
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
        """Work until `stop`. Raises what broke the process, after its takes were handed back."""
        self._engine.launch()
        watch = threading.Thread(target=self._watch, name="watch", daemon=True)
        watch.start()
        log.info("worker started", extra={"worker": self._claims.worker_id})
        try:
            self._sweep()
            while not self._stopping.is_set():
                if not self._work():
                    self._stopping.wait(BEAT)
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
        """End soon: no new takes, and those at hand have `grace` seconds to end. Asked again: at once."""
        self._stop_at = 0.0 if self._stopping.is_set() else time.monotonic() + self._grace
        self._stopping.set()

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT call `stop`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())

    def _work(self) -> bool:
        """Make a round of takes; whether there was one."""
        try:
            claims = self._claims.claim(self._slots)
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
            for song in self._library.sweep():
                log.info("files of a deleted song removed", extra={"song": song})
        except StoreError as error:
            log.warning("store fails", extra={"error": str(error)})

    def _watch(self) -> None:
        """The other thread. A worker that nobody watches over must not go on: its takes would be lost to it again and
        again."""
        try:
            self._look_after()
        except BaseException:
            log.exception("worker broke down")
            os._exit(1)

    def _look_after(self) -> None:
        """Heartbeats, cancelled takes, other workers' ends, a hanging device, the end of a grace."""
        reaped = 0.0
        while not self._over.wait(BEAT):
            now = time.monotonic()
            try:
                if self._engine.busy and now - self._engine.moved > self._stall:
                    self._die()
                if now > self._stop_at and self._engine.busy:
                    self._engine.give_back("the worker was stopped")
                self._engine.beat(self._stages.model)
                if now - reaped > REAP:
                    reaped = now
                    for take in release_lost(self._library.database):
                        log.warning("take of a lost worker queued again", extra={"take": take})
            except StoreError as error:
                log.warning("store fails", extra={"error": str(error)})
                if now > self._stop_at:  # nobody to hand takes back to; they will be found to be without a worker
                    os._exit(1)
            if self._parent not in (None, os.getppid()) and not self._stopping.is_set():
                self.stop()

    def _die(self) -> None:
        """The device hangs: a thread cannot be stopped, but a process can."""
        log.error("no progress; the worker ends", extra={"seconds": self._stall})
        try:
            self._engine.give_back(f"no progress for {self._stall:g} seconds", loss=True)
            self._claims.retire()
        finally:
            os._exit(HUNG)
