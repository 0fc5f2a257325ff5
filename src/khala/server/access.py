"""Who asks: the owner of an API key, or the local owner where nobody needs one.

A key comes as `Authorization: Bearer KEY`, or in the cookie that POST /session sets, for browsers: neither an audio
element nor an event source can send a header.
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
    name=COOKIE, auto_error=False, scheme_name="cookie", description="The same, set by POST /session."
)


class Access:
    """Decides whose songs a request may see.

    As soon as there is a key that is not revoked, everybody needs one, on whatever address. While there is none,
    everybody is the local owner; whether such a server may listen to others is `require_safe`'s matter.
    """

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    @property
    def needs_key(self) -> bool:
        """Whether everybody needs one."""
        return self._owners.any_key()

    def owner(self, secret: str | None) -> Owner:
        """Whose key that is. Raises Refusal."""
        if not self.needs_key:
            return self._owners.local()
        owner = self._owners.of_key(secret) if secret else None
        if owner is None:
            unknown, missing = "this API key is unknown or was revoked", "send a key: Authorization: Bearer KEY"
            raise Refusal("unauthorized", unknown if secret else missing, headers={"WWW-Authenticate": "Bearer"})
        return owner

    def require_safe(self, settings: Settings) -> None:
        """Raises InvalidRequest for a server that others can reach, where nobody needs a key and nobody said so."""
        if not (settings.loopback or settings.open or self.needs_key):
            raise InvalidRequest(
                f"others could use this server on {settings.host} without a key; make one with khala keys add NAME, "
                "or say --open"
            )


def caller(
    request: Request,
    key: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    kept: Annotated[str | None, Depends(cookie)],
) -> Owner:
    """Dependency: the owner who asks."""
    access: Access = request.app.state.context.access
    return access.owner(key.credentials if key is not None else kept)


def admin(owner: Annotated[Owner, Depends(caller)]) -> Owner:
    """Dependency: the owner who asks, an admin."""
    if owner.role != "admin":
        raise Refusal("forbidden", "only an admin may see that")
    return owner


Caller = Annotated[Owner, Depends(caller)]
Admin = Annotated[Owner, Depends(admin)]
