"""Spans of workflows and steps reach whoever collects them, where OpenTelemetry's variables say so."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from service import Site, Trouble, Workers, ask, ended, until

from khala.jobs.library import Library

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a collector, and what it was sent."""
    sent: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append(self.path.encode() + body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()


def test_spans_name_the_take_and_its_stages(
    site: Site, library: Library, workers: Workers, collector: tuple[str, list[bytes]]
) -> None:
    url, sent = collector
    song = library.submit("local", ask(), site.model)
    workers.start(Trouble(environment={"OTEL_EXPORTER_OTLP_ENDPOINT": url}))
    until(lambda: ended(library.song(None, song.id)))
    for word in ("backbone", "superres", "render", song.takes[0].id):
        until(lambda word=word: word.encode() in b"".join(sent))  # sent every few seconds
    assert all(path.startswith(b"/v1/traces") for path in sent)
