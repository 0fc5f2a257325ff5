"""Presets on either database: one for each name of an owner."""

import pytest

from khala.jobs import presets
from khala.jobs.library import Library
from khala.music.errors import InvalidRequest, NotFound


def test_settings_are_kept_under_a_name_and_replaced(library: Library) -> None:
    first = library.presets.save("local", " Waltz ", {"tags": ["waltz"], "duration": 90.0})
    library.presets.save("local", "anthem", {"prompt": "loud"})
    assert first.name == "Waltz"
    again = library.presets.save("local", "Waltz", {"tags": ["slow"]})
    assert again.id == first.id
    assert [(one.name, one.settings) for one in library.presets.all("local")] == [
        ("anthem", {"prompt": "loud"}),
        ("Waltz", {"tags": ["slow"]}),
    ]
    library.presets.delete("local", first.id)
    assert [one.name for one in library.presets.all("local")] == ["anthem"]


def test_presets_are_their_owners_alone(library: Library) -> None:
    other = library.owners.create("other").id
    kept = library.presets.save("local", "Waltz", {"prompt": "a"})
    theirs = library.presets.save(other, "Waltz", {"prompt": "b"})
    assert library.presets.all("local") == [kept] and library.presets.all(other) == [theirs]
    with pytest.raises(NotFound):
        library.presets.delete(other, kept.id)
    assert library.presets.all("local") == [kept]


def test_names_and_numbers_have_limits(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequest, match="name of a preset"):
        library.presets.save("local", " ", {})
    monkeypatch.setattr(presets, "MAX_PRESETS", 1)
    library.presets.save("local", "one", {})
    library.presets.save("local", "one", {"prompt": "again"})
    with pytest.raises(InvalidRequest, match="delete one first"):
        library.presets.save("local", "two", {})
