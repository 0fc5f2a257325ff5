"""Metrics for Prometheus: this process and its requests, and the totals that the database keeps for all workers."""

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
TOKENS_PER_SECOND = 2 * 44100 / 2048
"""Tokens of the backbone for a second of song: the codes of q0 and q1 of each frame."""
LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The metrics of one app."""

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
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        Gauge("khala_event_streams", "Open streams of events.", registry=self.registry).set_function(lambda: len(hub))
        self.registry.register(_Totals(library))

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format. Raises StoreError."""
        return generate_latest(self.registry)


class _Totals(Collector):
    """Metrics from the database: the queue, live workers, and the running totals (`records.Count`)."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def describe(self) -> list[Metric]:
        return []  # else registering would query the database

    def collect(self) -> Iterator[Metric]:
        now = self._library.maintenance.status()
        yield GaugeMetricFamily("khala_takes_queued", "Takes that are queued.", value=now.queued)
        yield GaugeMetricFamily("khala_takes_running", "Takes that workers are making.", value=now.running)
        yield GaugeMetricFamily("khala_workers", "Live workers.", value=len(now.workers))
        by_name = defaultdict(list)
        for count in self._library.maintenance.counts():
            by_name[count.name].append(count)
        for name, counts in by_name.items():
            number = CounterMetricFamily(f"khala_{name}_count", f"Number of {name}.", labels=("model", "label"))
            total = CounterMetricFamily(f"khala_{name}_sum", f"Sum of {name}.", labels=("model", "label"))
            for count in counts:
                number.add_metric((count.model, count.label), count.count)
                total.add_metric((count.model, count.label), count.total)
            yield number
            if any(count.total for count in counts):
                yield total
        tokens = CounterMetricFamily("khala_tokens", "Tokens that the backbone generated.", labels=("model",))
        for count in by_name["stage_audio_seconds"]:
            if count.label == "backbone":
                tokens.add_metric((count.model,), count.total * TOKENS_PER_SECOND)
        yield tokens


class Observed:
    """Middleware (ASGI) that counts requests by route. Not by path: the number of paths is unlimited."""

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
            fields = {"method": method, "path": scope["path"], "status": status, "seconds": round(seconds, 4)}
            log.log(logging.ERROR if status == 500 else logging.INFO, "request answered", extra=fields)
