"""Columns whose values differ from what Python sees."""

from service import ask
from sqlalchemy import select, text

from khala.jobs.library import Library
from khala.jobs.tables import takes


def test_takes_are_numbered_from_one_and_stored_from_zero(library: Library) -> None:
    """Databases of earlier versions hold numbers from 0: they stay readable without a migration."""
    library.submit("local", ask(takes=3))
    with library.database.read() as connection:
        stored = connection.execute(text("SELECT number FROM takes ORDER BY number")).scalars().all()
        read = connection.execute(select(takes.c.number).order_by(takes.c.number)).scalars().all()
        second = connection.execute(select(takes.c.number).where(takes.c.number == 2)).scalars().all()
    assert (stored, read, second) == ([0, 1, 2], [1, 2, 3], [2])
