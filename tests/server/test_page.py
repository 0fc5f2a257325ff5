import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import Service

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def built(tmp_path: Path, serve: Callable[..., Service]) -> Service:
    """A service with a page."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Khala</title>" + " " * 2000)
    (folder / "assets" / "index-3f2a.js").write_text("console.log(1);" * 200)
    (folder / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    return serve(static=folder)


def test_the_page_is_served_wherever_it_leads(built: Service) -> None:
    for path in ("/", "/songs/1", "/settings"):
        answer = built.client.get(path, headers=HTML)
        assert answer.status_code == 200 and answer.text.startswith("<!doctype html><title>Khala")
        assert answer.headers["cache-control"] == "no-cache"
    tag = built.client.get("/", headers=HTML).headers["etag"]
    assert built.client.get("/", headers={**HTML, "If-None-Match": tag}).status_code == 304


def test_what_has_its_digest_in_its_name_is_kept_for_ever_and_sent_packed(built: Service) -> None:
    answer = built.client.get("/assets/index-3f2a.js", headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"] and answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    with built.client.stream("GET", "/assets/index-3f2a.js", headers={"Accept-Encoding": "gzip"}) as raw:
        assert gzip.decompress(b"".join(raw.iter_raw())).startswith(b"console.log")
    assert built.client.get("/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/missing.js", "/api/v2/songs", "/api/v1/nothing", "/../secret", "/%2e%2e/secret"]
)
def test_nothing_else_is(built: Service, path: str) -> None:
    headers = HTML if path.startswith("/api") else {}
    answer = built.client.get(path, headers=headers)
    assert answer.status_code == 404 and answer.json()["status"] == 404


def test_the_page_takes_no_place_of_the_api(built: Service) -> None:
    assert built.client.post("/").status_code == 404
    assert built.client.put("/api/v1/songs", headers=HTML).status_code == 405
    assert built.client.get("/status", headers=HTML).json()["total_gpus"] == 0


def test_without_a_page_there_is_a_way_to_the_description_and_to_the_page(
    tmp_path: Path, serve: Callable[..., Service]
) -> None:
    client = serve(static=tmp_path).client
    answer = client.get("/", follow_redirects=False)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert '<a href="/api/docs">' in answer.text and "make studio" in answer.text
    assert answer.headers["cache-control"] == "no-cache"  # the page may come
    assert client.get("/api/docs").status_code == 200
    assert client.get("/anything", headers=HTML).status_code == 404


def test_the_description_needs_nothing_from_elsewhere(service: Service) -> None:
    page = service.client.get("/api/docs").text
    assert "<script" not in page and "http" not in page.replace("http-equiv", "").replace("httponly", "")
    for path in service.client.get("/api/openapi.json").json()["paths"]:
        assert path.replace("&", "&amp;") in page, path
