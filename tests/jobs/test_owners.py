"""Owners and keys: secrets are shown once, never stored, and can be revoked."""

import pytest
from sqlalchemy import select

from khala.jobs.library import Library
from khala.jobs.tables import api_keys
from khala.music.errors import InvalidRequest, NotFound


def test_a_key_opens_until_it_is_revoked(library: Library) -> None:
    owner = library.owners.create("Ann", "user")
    key, secret = library.owners.create_key(owner.id)
    assert library.owners.of_key(secret) == owner == library.owners.get(owner.id)
    assert library.owners.of_key(secret + "x") is None and library.owners.of_key("\udcff") is None
    library.owners.revoke(key.id)
    assert library.owners.of_key(secret) is None
    assert library.owners.keys()[0].revoked is not None


def test_secrets_are_not_stored(library: Library) -> None:
    key, secret = library.owners.create_key(library.owners.local().id)
    with library.database.read() as connection:
        row = connection.execute(select(api_keys)).one()
    assert not any(secret in str(value) for value in row) and secret.startswith(key.hint)


def test_the_local_owner_is_one_and_sees_all(library: Library) -> None:
    assert library.owners.local() == library.owners.local()
    assert library.owners.local().role == "admin"
    assert [owner.id for owner in library.owners.all()] == ["local"]


def test_bad_names_and_unknown_ids_are_refused(library: Library) -> None:
    for name in ("", "x" * 201, "two\nlines"):
        with pytest.raises(InvalidRequest):
            library.owners.create(name)
    with pytest.raises(InvalidRequest, match="choose user or admin"):
        library.owners.create("Bob", "king")  # type: ignore[arg-type]
    for act in (
        lambda: library.owners.get("x"),
        lambda: library.owners.create_key("x"),
        lambda: library.owners.revoke("x"),
    ):
        with pytest.raises(NotFound):
            act()
