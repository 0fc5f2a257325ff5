"""The studio and the service agree: description of the API, example, keys, remarks; components stay short."""

import json
import re
from pathlib import Path

from khala.conditioning.request_terms import KEY_NAMES
from khala.music.example import EXAMPLE
from khala.music.reading import _TEXTS as REMARK_TEXTS
from khala.server.app import create_routes

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
LONGEST_COMPONENT = 250


def test_the_description_that_the_types_are_made_of_is_the_server_s() -> None:
    kept = json.loads((WEB / "openapi.json").read_text())
    assert kept == create_routes().openapi(), "python -m khala.server.openapi > web/openapi.json, then npm run types"


def test_the_first_page_offers_the_built_in_example() -> None:
    offered = json.loads((WEB / "src" / "library" / "example.json").read_text())
    example = EXAMPLE.to_dict() | {"takes": 2}
    assert offered == {name: example[name] for name in offered}


def test_the_page_offers_the_keys_that_requests_are_read_for() -> None:
    offered = json.loads((WEB / "src" / "create" / "keys.json").read_text())
    assert offered == {mode: list(tonics) for mode, tonics in KEY_NAMES.items()}


def test_every_remark_is_translated_and_every_translation_is_of_a_remark() -> None:
    source = "".join(file.read_text() for file in (ROOT / "src" / "khala").rglob("*.py"))
    kinds = {*REMARK_TEXTS, *re.findall(r'Remark\(\s*"([a-z-]+)"', source), "contradiction"}
    page = (WEB / "src" / "i18n" / "remarks.ts").read_text()
    translated = set(re.findall(r'^    "?([a-z-]+)"?: \[', page, re.MULTILINE))
    assert translated == {kind for kind in kinds if not kind.endswith("-contradiction")}


def test_components_stay_short() -> None:
    files = [*WEB.glob("src/**/*.tsx")]
    assert files
    for file in files:
        assert len(file.read_text().splitlines()) < LONGEST_COMPONENT, f"{file.name} is long"


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()
