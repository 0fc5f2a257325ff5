import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from khala.evaluation.page import figures, page
from khala.evaluation.report import VERDICTS, evaluate_file, summarise

VOID = {"meta", "img", "br", "link"}


class Reader(HTMLParser):
    """Checks that every tag is closed, and collects tags, links and what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def records(sung: Path, played: Path) -> list[dict]:
    return [evaluate_file(song) for song in (sung, played)]


def test_a_page_stands_alone_and_plays_its_songs(records: list[dict], tmp_path: Path) -> None:
    reader = Reader()
    reader.feed(page(records, summarise(records), tmp_path, 12.34))
    assert not reader.open
    images = [attributes["src"] for tag, attributes in reader.tags if tag == "img"]
    assert len(images) == 2 and all(str(source).startswith("data:image/png;base64,") for source in images)
    songs = [str(attributes["src"]) for tag, attributes in reader.tags if tag == "audio"]
    assert [(tmp_path / song).resolve() for song in songs] == [Path(record["file"]).resolve() for record in records]
    assert not {"script", "link", "iframe"} & {tag for tag, _ in reader.tags}
    assert "Fréchet distance from the corpus: 12.3" in reader.text
    assert VERDICTS["tempo"] in reader.text and "chorus" in reader.text


def test_names_are_escaped(records: list[dict], sung: Path, tmp_path: Path) -> None:
    strange = tmp_path / "a&<b>#1?.flac"
    strange.write_bytes(sung.read_bytes())
    text = page([records[0] | {"file": str(strange)}], {}, tmp_path, None)
    assert "<b>" not in text.split("</style>")[1] and "a%26%3Cb%3E%231%3F.flac" in text
    assert re.search("a&amp;&lt;b&gt;#1\\?", text)


def test_figures_name_what_was_measured_alone(records: list[dict]) -> None:
    vocal, band = map(figures, records)
    assert "wrong phones" in vocal and "wrong phones" not in band
    assert "wrong words" not in vocal and "(asked: " in vocal["tempo"]
