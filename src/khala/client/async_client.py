"""The client whose verbs are awaited."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar

import httpx2

from khala.client import connection, verbs
from khala.client.calls import Call, Outcome, Pause, Steps
from khala.client.records import AudioFormat, Song, Take
from khala.client.refusals import error_of

P = ParamSpec("P")
T = TypeVar("T")
Awaited: TypeAlias = Coroutine[Any, Any, T]
LaterPath: TypeAlias = Coroutine[Any, Any, Path]


def _answered(
    verb: Callable[Concatenate["AsyncClient", P], Steps[T]],
) -> Callable[Concatenate["AsyncClient", P], Awaited[T]]:
    """A verb as a method."""

    @wraps(verb)
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(verb(self, *args, **kwargs))

    return method


def _made(
    verb: Callable[Concatenate["AsyncClient", P], Steps[Song[LaterPath]]],
) -> Callable[Concatenate["AsyncClient", P], Awaited[list[Take[LaterPath]]]]:
    """A verb that submits a song as a method that waits for its takes."""

    @wraps(verb)
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> list[Take[LaterPath]]:
        return verbs.finished(await self.wait(await self._run(verb(self, *args, **kwargs))))

    method.__doc__ = verbs.waiting_doc(verb)
    return method


class AsyncClient:
    """`client.Client`, whose verbs are coroutines: `await client.generate(...)`, `await take.save(path)`."""

    def __init__(self, url: str | None = None, key: str | None = None, timeout: float = 60.0) -> None:
        self._http = httpx2.AsyncClient(**connection.arguments(url, key, timeout))

    generate, submit = _made(verbs.submit), _answered(verbs.submit)
    extend, submit_extend = _made(verbs.submit_extend), _answered(verbs.submit_extend)
    edit, submit_edit = _made(verbs.submit_edit), _answered(verbs.submit_edit)
    vary, submit_vary = _made(verbs.submit_vary), _answered(verbs.submit_vary)
    refine_anew, submit_refine_anew = _made(verbs.submit_refine_anew), _answered(verbs.submit_refine_anew)
    upload, submit_upload = _made(verbs.submit_upload), _answered(verbs.submit_upload)

    wait = _answered(verbs.wait)
    song = _answered(verbs.get)
    songs = _answered(verbs.songs)
    update = _answered(verbs.update)
    cancel = _answered(verbs.cancel)
    retry = _answered(verbs.retry)
    delete = _answered(verbs.delete)

    outline = _answered(verbs.outline)
    lyrics = _answered(verbs.lyrics)
    timing = _answered(verbs.timing)
    metadata = _answered(verbs.metadata)
    versions = _answered(verbs.versions)

    playlists = _answered(verbs.playlists)
    create_playlist = _answered(verbs.create_playlist)
    put_takes = _answered(verbs.put_takes)
    delete_playlist = _answered(verbs.delete_playlist)

    async def download(
        self, take: Take[Any] | str, path: str | Path, format: AudioFormat | None = None, tags: bool = True
    ) -> Path:
        """Write the audio of a finished take to a file: `Take.save`."""
        return await self._run(verbs.download(self, take, path, format, tags))

    async def live(self, take: Take[Any]) -> AsyncIterator[bytes]:
        """Yield a take as WAV (24 bits) while it is made, as soon as it can be heard; a finished one as a whole."""
        call = await self._run(verbs.audible(self, take))
        async with self._http.stream(**call.arguments) as answer:
            if answer.status_code == 410:  # it was finished in between
                async for block in self.live(take):
                    yield block
                return
            if answer.is_error:
                await answer.aread()
                raise error_of(answer)
            async for block in answer.aiter_bytes():
                yield block

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _run(self, steps: Steps[T]) -> T:
        outcome: Outcome | None = None
        with closing(steps):
            try:
                while True:
                    outcome = await self._perform(steps.send(outcome))
            except StopIteration as end:
                result: T = end.value
                return result

    async def _perform(self, step: Call | Pause) -> Outcome | None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            async with self._http.stream(**step.arguments) as answer:
                if step.into is None or answer.is_error:
                    await answer.aread()
                else:
                    async for block in answer.aiter_bytes():
                        step.into.write(block)
                return answer
        except httpx2.TransportError as error:
            return error
