"""Owners of songs and their API keys, of which only digests are kept."""

import hashlib
import secrets
import time
from dataclasses import asdict

from sqlalchemy import RowMapping, func, insert, select, update

from khala.jobs.database import Database
from khala.jobs.records import ApiKey, Limits, Owner, Role
from khala.jobs.tables import api_keys, new_id, owners
from khala.music.errors import InvalidRequest, NotFound

LOCAL = "local"
"""Id of the owner of all songs on a service without keys."""
_LOCAL = select(owners).where(owners.c.id == LOCAL)
_IN_USE = select(api_keys.c.id).where(api_keys.c.revoked.is_(None)).limit(1)


class Owners:
    """The owners of songs, their limits and their keys."""

    def __init__(self, database: Database, limits: Limits | None = None) -> None:
        self._database = database
        self._limits = limits or Limits()

    def local(self) -> Owner:
        """Return the owner of all songs on a service without keys: an admin, created on first use."""
        with self._database.read() as connection:
            row = connection.execute(_LOCAL).mappings().first()
        return _owner(row) if row else self._create(LOCAL, "local", "admin", self._limits)

    def create(self, name: str, role: Role = "user", limits: Limits | None = None) -> Owner:
        """Create an owner; names need not be unique. Raises InvalidRequest."""
        if not 0 < len(name) <= 200 or not name.isprintable():
            raise InvalidRequest("an owner's name has 1 to 200 printable characters")
        if role not in ("user", "admin"):
            raise InvalidRequest(f"the role {role!r} is unknown; choose user or admin")
        return self._create(new_id(), name, role, limits or self._limits)

    def get(self, owner_id: str) -> Owner:
        """Return an owner. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(select(owners).where(owners.c.id == owner_id)).mappings().first()
        if row is None:
            raise NotFound("there is no such owner")
        return _owner(row)

    def all(self) -> list[Owner]:
        """Return all owners, oldest first."""
        with self._database.read() as connection:
            return [_owner(row) for row in connection.execute(select(owners).order_by(owners.c.created)).mappings()]

    def limit(self, owner_id: str, queued: int | None = None, running: int | None = None) -> Owner:
        """Change how many takes of an owner may be queued and running; None leaves a limit unchanged. Raises NotFound,
        InvalidRequest."""
        given = {"queued_limit": queued, "running_limit": running}
        values = {name: value for name, value in given.items() if value is not None}
        if any(value < 1 for value in values.values()):
            raise InvalidRequest("a limit is a whole number of at least 1")
        if values:
            with self._database.write() as connection:
                connection.execute(update(owners).where(owners.c.id == owner_id).values(values))
        return self.get(owner_id)

    def create_key(self, owner_id: str) -> tuple[ApiKey, str]:
        """Create a key of an owner; returns it and its secret, which is not stored. Raises NotFound."""
        self.get(owner_id)
        secret = f"khala_{secrets.token_urlsafe(32)}"
        key = ApiKey(new_id(), owner_id, secret[:10], time.time(), None)
        with self._database.write() as connection:
            connection.execute(insert(api_keys).values(**asdict(key), digest=_digest(secret)))
        return key, secret

    def keys(self) -> list[ApiKey]:
        """Return all keys, including revoked ones, oldest first."""
        query = select(*(api_keys.c[name] for name in _KEY)).order_by(api_keys.c.created)
        with self._database.read() as connection:
            return [ApiKey(**row) for row in connection.execute(query).mappings()]

    def any_key(self) -> bool:
        """Return whether there is a key that is not revoked."""
        with self._database.read() as connection:
            return connection.execute(_IN_USE).first() is not None

    def of_key(self, secret: str) -> Owner | None:
        """Return the owner of a key; None if the key is unknown or revoked."""
        query = (
            select(owners)
            .join(api_keys, api_keys.c.owner_id == owners.c.id)
            .where(api_keys.c.digest == _digest(secret), api_keys.c.revoked.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _owner(row) if row else None

    def revoke(self, key_id: str) -> None:
        """Revoke a key. Raises NotFound."""
        with self._database.write() as connection:
            change = update(api_keys).where(api_keys.c.id == key_id)
            if not connection.execute(change.values(revoked=time.time())).rowcount:
                raise NotFound("there is no such key")

    def _create(self, id: str, name: str, role: Role, limits: Limits) -> Owner:
        owner = Owner(id, name, role, limits.owner_queued, limits.owner_running)
        with self._database.write() as connection:
            if connection.execute(select(owners.c.id).where(owners.c.id == id)).first() is None:
                turn = (connection.execute(select(func.max(owners.c.turn))).scalar() or 0) + 1
                connection.execute(insert(owners).values(**asdict(owner), turn=turn, created=time.time()))
        return owner


_KEY = ("id", "owner_id", "hint", "created", "revoked")


def _owner(row: RowMapping) -> Owner:
    return Owner(**{name: row[name] for name in ("id", "name", "role", "queued_limit", "running_limit")})


def _digest(secret: str) -> str:
    """Return the sha256 of a secret. Secrets are long and random: a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
