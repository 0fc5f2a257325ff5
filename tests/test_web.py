"""The studio and the service agree: description of the API, example, sections of lyrics; components stay short."""

import json
import re
from pathlib import Path

from khala.music.example import EXAMPLE
from khala.music.headers import SECTION_TAGS
from khala.server.app import create_routes

WEB = Path(__file__).parents[1] / "web"
LONGEST_COMPONENT = 250


def test_the_description_that_the_types_are_made_of_is_the_server_s() -> None:
    kept = json.loads((WEB / "openapi.json").read_text())
    assert kept == create_routes().openapi(), "python -m khala.server.openapi > web/openapi.json, then npm run types"


def test_the_first_page_offers_the_built_in_example() -> None:
    offered = json.loads((WEB / "src" / "library" / "example.json").read_text())
    example = EXAMPLE.to_dict() | {"takes": 2}
    assert offered == {name: example[name] for name in offered}


def test_the_lyrics_editor_knows_the_sections_that_models_know() -> None:
    source = (WEB / "src" / "lyrics" / "sections.ts").read_text()
    block = re.search(r"SECTION_TAGS = \[(.*?)\]", source, re.DOTALL)
    assert block and tuple(re.findall(r'"([^"]+)"', block[1])) == SECTION_TAGS


def test_components_stay_short() -> None:
    files = [*WEB.glob("src/**/*.tsx")]
    assert files
    for file in files:
        assert len(file.read_text().splitlines()) < LONGEST_COMPONENT, f"{file.name} is long"


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()
