"""What a wheel needs, and what it holds: with the studio's page, without it, and where it must not be without."""

import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def needed(extra: str = "") -> set[str]:
    """The packages that are installed by name for an extra, those of its extras included, or without one."""
    found = set[str]()
    for requirement in PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]:
        name, extras = re.findall(r"^([\w-]+)(?:\[(.*?)\])?", requirement)[0]
        if name == PROJECT["name"]:
            found |= set().union(*map(needed, extras.split(",")))
        else:
            found.add(name)
    return found


def test_songs_and_their_service_are_installed_without_torch() -> None:
    heavy = {"torch", "torchaudio", "transformers", "onnx"}
    assert "onnxruntime" in needed() and not heavy & (needed() | needed("mcp") | needed("s3") | needed("corpus"))
    assert needed("torch") == {"torch"}
    for extra in ("train", "all", "dev"):
        assert {"torch", "onnx"} <= needed(extra)
    targets = dict(re.findall(r"^\$\(VENV\)/(\S+): (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert [name for name, before in targets.items() if ".torch" in before] == [".dev"]


class Built:
    """What hatchling's own class would be to the hook: a project's folder, and a voice."""

    def __init__(self, root: Path) -> None:
        self.root, self.warnings = str(root), list[str]()
        self.app = SimpleNamespace(display_warning=self.warnings.append)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> type[Any]:
    """The hook, without hatchling, which only the build's own environment has."""
    interface = SimpleNamespace(BuildHookInterface=Built)
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    names: dict[str, Any] = {"__name__": "hatch_build"}
    exec(compile((ROOT / "hatch_build.py").read_text(), "hatch_build.py", "exec"), names)
    monkeypatch.delenv("KHALA_REQUIRE_PAGE", raising=False)
    return names["Wheel"]


def initialize(wheel: Any, version: str = "standard") -> dict[str, Any]:
    data: dict[str, Any] = {"force_include": {}}
    wheel.initialize(version, data)
    return data["force_include"]


def test_a_wheel_without_the_page_says_so(tmp_path: Path, hook: type[Any]) -> None:
    wheel = hook(tmp_path)
    assert initialize(wheel) == {str(tmp_path / "benchmarks"): "khala/benchmarks"}
    (said,) = wheel.warnings
    assert "this wheel has none" in said and "make wheel" in said


def test_one_to_release_must_have_it(tmp_path: Path, hook: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHALA_REQUIRE_PAGE", "1")
    with pytest.raises(FileNotFoundError, match="make wheel"):
        initialize(hook(tmp_path))
    page = tmp_path / "src" / "khala" / "server" / "static" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<!doctype html>")
    wheel = hook(tmp_path)
    assert initialize(wheel) and not wheel.warnings
    assert "KHALA_REQUIRE_PAGE=1" in (ROOT / "Makefile").read_text()


def test_an_editable_installation_needs_no_page(
    tmp_path: Path, hook: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHALA_REQUIRE_PAGE", "1")
    wheel = hook(tmp_path)
    assert initialize(wheel, "editable") == {} and not wheel.warnings
