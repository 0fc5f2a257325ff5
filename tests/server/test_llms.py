"""The service describes itself to language models."""

import re

from serving import Service

from khala.server.llms import llms_text


def test_every_route_is_told_in_a_line_and_links_lead_somewhere(service: Service) -> None:
    answer = service.client.get("/llms.txt")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    assert text.startswith("# Khala ") and "\n> " in text
    links = re.findall(r"^- \[.+\]\((\S+)\): .+$", text, re.MULTILINE)
    assert links and all(service.client.get(link).status_code == 200 for link in links)
    assert "- `POST /api/v1/songs`: Submit a song\n" in text and "- `GET /job/" not in text
    for path in re.findall(r"`[A-Z]+ (/api/v1\S*)`", text):
        assert path in service.app.openapi()["paths"] or path.endswith("audio.mp3")


def test_only_the_first_sentence_of_a_route_is_told() -> None:
    schema = {
        "info": {"version": "1", "summary": "Songs."},
        "paths": {"/a": {"get": {"description": "Return an\na. Then b.\n\nMore."}}},
    }
    assert list(llms_text(schema))[-1] == "- `GET /a`: Return an a"
