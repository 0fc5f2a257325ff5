"""Folders of `integrations/`, which are no packages of Khala's, as modules."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

INTEGRATIONS = Path(__file__).parents[2] / "integrations"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], ModuleType]:
    """Import a file or package of the folder under a name, as its host does."""

    def load(name: str, path: str) -> ModuleType:
        file = INTEGRATIONS / path
        places = [str(file.parent)] if file.name == "__init__.py" else None
        spec = spec_from_file_location(name, file, submodule_search_locations=places)
        assert spec and spec.loader
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load
