"""Figures for Prometheus: this process and its requests, and the totals that the database keeps for all workers."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from khala.jobs.library import Library
from khala.server.events import Hub

__all__ = ["CONTENT_TYPE", "Metrics", "Observed"]

log = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")
TOKENS = 2 * 44100 / 2048
"""Tokens of the backbone in a second of song: codes of q0 and q1 for each frame."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The figures of one app."""

    def __init__(self, library: Library, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "khala_http_requests", "Answered requests.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "khala_http_seconds",
            "Seconds until an answer begins.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        Gauge("khala_event_streams", "Open streams of events.", registry=self.registry).set_function(lambda: len(hub))
        self.registry.register(_Totals(library))

    def text(self) -> bytes:
        """All figures in Prometheus' text format. Raises StoreError."""
        return generate_latest(self.registry)


class _Totals(Collector):
    """What the library counts: the queue, live workers, and the totals of `records.Tally`."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def describe(self) -> list[Metric]:
        return []  # or registering would already ask the database

    def collect(self) -> Iterator[Metric]:
        now = self._library.status()
        yield GaugeMetricFamily("khala_takes_queued", "Takes that wait.", value=now.queued)
        yield GaugeMetricFamily("khala_takes_running", "Takes that workers are at.", value=now.running)
        yield GaugeMetricFamily("khala_workers", "Workers that live.", value=len(now.workers))
        by_name = defaultdict(list)
        for tally in self._library.tallies():
            by_name[tally.name].append(tally)
        for name, tallies in by_name.items():
            count = CounterMetricFamily(f"khala_{name}_count", f"How often: {name}.", labels=("model", "label"))
            total = CounterMetricFamily(f"khala_{name}_sum", f"Total: {name}.", labels=("model", "label"))
            for tally in tallies:
                count.add_metric((tally.model, tally.label), tally.count)
                total.add_metric((tally.model, tally.label), tally.total)
            yield count
            if any(tally.total for tally in tallies):
                yield total
        tokens = CounterMetricFamily("khala_tokens", "Tokens that the backbone made.", labels=("model",))
        for tally in by_name["stage_audio_seconds"]:
            if tally.label == "backbone":
                tokens.add_metric((tally.model,), tally.total * TOKENS)
        yield tokens


class Observed:
    """A layer of the app (ASGI) that counts requests by route, never by path: paths are endless."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        except Exception:
            self._count(scope, 500, time.perf_counter() - began)
            raise

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        if status >= 500 or method not in ("GET", "HEAD"):
            told = {"method": method, "path": scope["path"], "status": status, "seconds": round(seconds, 4)}
            log.log(logging.ERROR if status == 500 else logging.INFO, "request answered", extra=told)
