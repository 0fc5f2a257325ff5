"""The rooms' doors: what a package offers lazily is there."""

from importlib import import_module

import pytest


@pytest.mark.parametrize("room", ["khala.models", "khala.weights"])
def test_every_name_that_a_package_exports_can_be_imported(room: str) -> None:
    package = import_module(room)
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing
