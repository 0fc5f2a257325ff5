"""The steps of a verb: requests and pauses. A client performs them, blocking or not.

So a verb is written once, as a generator that yields `Call` and `Pause` and is sent what came of them.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias, TypeVar
from uuid import uuid4

from httpx2 import ConnectError, Response, TransportError

from khala.client.refusals import error_of

RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0)
"""Pauses before a request is repeated: long enough for a server to be started again."""
IDEMPOTENCY_KEY = "Idempotency-Key"


@dataclass(frozen=True)
class Call:
    """A request to a path under /api/v1. The body of its answer is read, or written `into` a file."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    into: IO[bytes] | None = None

    @classmethod
    def submission(cls, path: str, **body: Any) -> "Call":
        """A POST that makes a song, and makes one alone however often it is repeated."""
        return cls("POST", path, headers={IDEMPOTENCY_KEY: uuid4().hex}, **body)

    @property
    def is_repeatable(self) -> bool:
        """Whether it does no harm that the service may have got it before."""
        return self.method in ("GET", "PATCH") or IDEMPOTENCY_KEY in self.headers

    @property
    def arguments(self) -> dict[str, Any]:
        """The request as arguments of an httpx client."""
        body = {"json": self.json, "content": self.content, "headers": self.headers}
        params = {name: value for name, value in self.params.items() if value is not None}
        return {"method": self.method, "url": self.path.lstrip("/"), "params": params, **body}


@dataclass(frozen=True)
class Pause:
    """Some time without requests."""

    seconds: float


T = TypeVar("T")
Outcome: TypeAlias = Response | TransportError
Steps: TypeAlias = Generator[Call | Pause, Any, T]
"""A verb in progress. It is sent the `Outcome` of a call, and returns its result in the end."""


def ask(call: Call) -> Steps[Response]:
    """Return the answer to a call, repeated while the service cannot be reached or is unavailable for a moment.

    Raises the KhalaError that the service's refusal stands for (`refusals.error_of`)."""
    for pause in (*RETRY_SECONDS, None):
        outcome: Outcome = yield call
        if isinstance(outcome, Response) and not outcome.is_error:
            return outcome
        if pause is None or not _is_worth_repeating(call, outcome):
            break
        yield Pause(pause)
        if call.into is not None:
            call.into.seek(0)
            call.into.truncate()
    raise error_of(outcome)


def _is_worth_repeating(call: Call, outcome: Outcome) -> bool:
    if isinstance(outcome, ConnectError):  # nothing was sent
        return True
    return call.is_repeatable and (isinstance(outcome, TransportError) or outcome.status_code == 503)
