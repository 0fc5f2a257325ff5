"""The site that `make demo` builds: whole, true to the records, and at home on any host."""

import json
import shutil
import sys
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from khala.music.errors import InvalidRequest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
SUNG, PLAYED = "01-last-bus-home", "07-corner-table"
VOID = {"meta", "img", "link", "polygon"}
ADDRESSES = {"src", "href"}


def load(name: str, path: Path) -> Any:
    spec = spec_from_file_location(name, path)
    assert spec and spec.loader
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


demo = load("demo_site", ROOT / "docs" / "demo" / "make.py")


class Reader(HTMLParser):
    """Checks that every tag is closed, and collects tags and what is said."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, kind: str = "") -> list[dict[str, str]]:
        return [found for name, found in self.tags if name == tag and kind in found.get("class", "").split(" ")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a song and an instrumental; the first has a name that HTML and addresses must escape."""
    songs, site = tmp_path_factory.mktemp("songs"), tmp_path_factory.mktemp("site") / "new"
    for name, copy in (SUNG, "a&b #1"), (PLAYED, "b"):
        shutil.copyfile(EXAMPLES / f"{name}.opus", songs / f"{copy}.opus")
        shutil.copyfile(EXAMPLES / f"{name}.json", songs / f"{copy}.json")
    demo.build(songs, site)
    return site


@pytest.fixture(scope="module", params=["index.html", "zh.html"])
def page(request: pytest.FixtureRequest, site: Path) -> Reader:
    return Reader((site / request.param).read_text(encoding="utf-8"))


def test_nothing_is_fetched_from_elsewhere_and_all_is_there(page: Reader, site: Path) -> None:
    addresses = [value for _, found in page.tags for name, value in found.items() if name in ADDRESSES]
    assert len(addresses) > 10
    for address in addresses:
        assert address.startswith("data:") or (site / unquote(address)).is_file(), address
    script, style = (site / "player.js").read_text(), (site / "style.css").read_text()
    assert not any(
        way in script + style for way in ("fetch(", "import ", "XMLHttp", "http:", "https:", "url(", "@import")
    )
    assert all(found.get("type") != "module" for found in page.all("script"))  # modules do not load from disk


def test_songs_play_and_lead_to_their_records(page: Reader, site: Path) -> None:
    players = page.all("audio")
    assert [unquote(player["src"]) for player in players] == ["a&b #1.opus", "b.opus"]
    assert all("controls" in player and float(player["data-seconds"]) > 20 for player in players)
    record = json.loads((site / "a&b #1.json").read_text(encoding="utf-8"))
    assert record["seed"] == 1 and "a&b #1.json" in [unquote(found["href"]) for found in page.all("a")]


def test_lines_hold_the_times_of_the_record(page: Reader) -> None:
    record = json.loads((EXAMPLES / f"{SUNG}.json").read_text(encoding="utf-8"))
    lines = page.all("button", "line")
    assert [(float(line["data-start"]), float(line["data-end"])) for line in lines] == [
        (line["start"], line["end"]) for line in record["lyrics"]
    ]
    assert len(page.all("span")) >= sum(len(line["words"]) for line in record["lyrics"])
    assert all(line["text"] in page.text for line in record["lyrics"])


def test_the_request_and_every_verdict_are_shown(page: Reader, site: Path) -> None:
    record = json.loads((EXAMPLES / f"{SUNG}.json").read_text(encoding="utf-8"))
    assert all(tag in page.text for tag in record["request"]["tags"])
    measured = demo.evaluate_file(site / "a&b #1.opus")
    judged = [verdict for verdict in measured["verdicts"].values() if verdict is not None]
    first, _, _ = page.text.partition("Corner table")
    texts = next(texts for texts in demo.TEXTS.values() if texts["title"] in page.text)
    rows = [row for row in first.splitlines() if "✓" in row or "✗" in row]
    assert sum("✓" in row for row in rows) == judged.count(True)
    assert sum("✗" in row for row in rows) == judged.count(False)
    assert f"{measured['tempo']['bpm']:.1f} BPM" in first and texts["yes"] in first
    assert texts["unsung"] in page.text


def test_both_languages_say_the_same_things() -> None:
    english, chinese = demo.TEXTS["en"], demo.TEXTS["zh"]
    assert english.keys() == chinese.keys()
    assert all(english[name].count("{}") == chinese[name].count("{}") for name in english)


def test_what_a_request_says_is_never_markup() -> None:
    song = demo.read_song(EXAMPLES / f"{PLAYED}.opus")
    evil = "<script>alert(1)</script>"
    request = {**song.record["request"], "title": evil, "tags": [evil]}
    lines = (demo.TimedLine(evil, 1, evil), demo.TimedLine(evil, 2, evil, 1.0, 2.0))
    text = demo.page([demo.Song(song.path, {**song.record, "request": request}, song.measured, lines)], "en")
    assert evil not in text and text.count("&lt;script&gt;") >= 5


def test_folders_without_songs_or_records_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> str:
        monkeypatch.setattr(sys, "argv", ["make.py", str(tmp_path / "songs"), "--to", str(tmp_path / "site")])
        with pytest.raises(SystemExit) as refused:
            demo.main()
        return str(refused.value)

    (tmp_path / "songs").mkdir()
    assert "there are no songs in" in make()
    (tmp_path / "songs" / "a.wav").write_bytes(b"RIFF")
    assert "a.wav" in make()
    (tmp_path / "songs" / "a.wav").unlink()
    shutil.copy(EXAMPLES / f"{PLAYED}.opus", tmp_path / "songs")
    assert "has no record beside it" in make()
    (tmp_path / "songs" / "more").mkdir()
    shutil.copy(EXAMPLES / f"{PLAYED}.opus", tmp_path / "songs" / "more")
    assert "two songs" in make()
    assert not (tmp_path / "site").exists()


def test_a_site_replaces_its_older_self_and_nothing_else(site: Path, tmp_path: Path) -> None:
    demo.require_own(site)
    demo.require_own(tmp_path)
    (tmp_path / "index.html").write_text("<title>Somebody's</title>")
    with pytest.raises(InvalidRequest, match="other files"):
        demo.build(EXAMPLES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
