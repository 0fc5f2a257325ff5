"""Access control: the caller is the owner of an API key, or the local owner on a service without keys.

A key is sent as `Authorization: Bearer KEY`, or by browsers in the cookie that POST /session sets: audio elements and
event sources cannot send a header.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from khala.jobs.owners import Owners
from khala.jobs.records import Owner
from khala.music.errors import InvalidRequest
from khala.server.problems import Refusal
from khala.server.settings import Settings

COOKIE = "khala_key"
bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key, as `khala keys add` prints it.")
cookie = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="cookie", description="The same key, in the cookie set by POST /session."
)


class Access:
    """Finds the owner whose songs a request may see.

    As soon as there is a key that is not revoked, every caller needs one, on any address. While there is none, every
    caller is the local owner; `require_safe` decides whether such a server may listen to other machines.
    """

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    @property
    def needs_key(self) -> bool:
        """Return whether callers need a key."""
        return self._owners.any_key()

    def owner(self, secret: str | None) -> Owner:
        """Return the owner of a key. Raises Refusal."""
        if not self.needs_key:
            return self._owners.local()
        owner = self._owners.of_key(secret) if secret else None
        if owner is None:
            unknown, missing = "this API key is unknown or was revoked", "send a key: Authorization: Bearer KEY"
            raise Refusal("unauthorized", unknown if secret else missing, headers={"WWW-Authenticate": "Bearer"})
        return owner

    def require_safe(self, settings: Settings) -> None:
        """Raise InvalidRequest for a server that other machines can reach without a key, unless `settings.open` is
        set."""
        if not (settings.loopback or settings.open or self.needs_key):
            raise InvalidRequest(
                f"anyone who can reach {settings.host} could use this server without a key; create one with "
                "khala keys add NAME, or pass --open"
            )


def caller(
    request: Request,
    key: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    kept: Annotated[str | None, Depends(cookie)],
) -> Owner:
    """Return the calling owner (a dependency)."""
    access: Access = request.app.state.context.access
    return access.owner(key.credentials if key is not None else kept)


def admin(owner: Annotated[Owner, Depends(caller)]) -> Owner:
    """Return the calling owner if it is an admin (a dependency). Raises Refusal."""
    if owner.role != "admin":
        raise Refusal("forbidden", "only an admin may do this")
    return owner


Caller = Annotated[Owner, Depends(caller)]
Admin = Annotated[Owner, Depends(admin)]
