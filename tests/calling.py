"""Helper for tests of the clients: either kind, called alike."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from khala.client import AsyncClient, Client


class Caller:
    """A client of either kind: its verbs wait, and so does `await_` for what they give."""

    def __init__(self, kind: type[Client] | type[AsyncClient], *args: Any) -> None:
        self._runner = asyncio.Runner()
        self.client = kind(*args)

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return lambda *args, **named: self.await_(getattr(self.client, verb)(*args, **named))

    def await_(self, result: Any) -> Any:
        return self._runner.run(result) if inspect.iscoroutine(result) else result

    def blocks(self, stream: Any) -> list[bytes]:
        """All of a stream."""

        async def collect() -> list[bytes]:
            return [block async for block in stream]

        return list(stream) if hasattr(stream, "__iter__") else self._runner.run(collect())

    def finish(self) -> None:
        self.await_(self.client.close() if isinstance(self.client, Client) else self.client.aclose())
        self._runner.close()
