"""The client that waits for each answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from khala.client import connection, verbs
from khala.client.calls import Call, Outcome, Pause, Steps
from khala.client.records import AudioFormat, Song, Take
from khala.client.refusals import error_of

P = ParamSpec("P")
T = TypeVar("T")


def _answered(verb: Callable[Concatenate["Client", P], Steps[T]]) -> Callable[Concatenate["Client", P], T]:
    """A verb as a method."""

    @wraps(verb)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(verb(self, *args, **kwargs))

    return method


def _made(
    verb: Callable[Concatenate["Client", P], Steps[Song[Path]]],
) -> Callable[Concatenate["Client", P], list[Take[Path]]]:
    """A verb that submits a song as a method that waits for its takes."""

    @wraps(verb)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> list[Take[Path]]:
        return verbs.finished(self.wait(self._run(verb(self, *args, **kwargs))))

    method.__doc__ = verbs.waiting_doc(verb)
    return method


class Client:
    """A service at `url` (or `KHALA_URL`), for the owner of `key` (or `KHALA_KEY`). `timeout`: seconds without a sign
    of it. `generate` and its like return finished takes, `submit...` return a song at once. To be closed after use, as
    by a `with` statement."""

    def __init__(self, url: str | None = None, key: str | None = None, timeout: float = 60.0) -> None:
        self._http = httpx2.Client(**connection.arguments(url, key, timeout))

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

    def download(
        self, take: Take[Any] | str, path: str | Path, format: AudioFormat | None = None, tags: bool = True
    ) -> Path:
        """Write the audio of a finished take to a file: `Take.save`."""
        return self._run(verbs.download(self, take, path, format, tags))

    def live(self, take: Take[Any]) -> Iterator[bytes]:
        """Yield a take as WAV (24 bits) while it is made, as soon as it can be heard; a finished one as a whole."""
        call = self._run(verbs.audible(self, take))
        with self._http.stream(**call.arguments) as answer:
            if answer.status_code == 410:  # it was finished in between
                yield from self.live(take)
                return
            if answer.is_error:
                answer.read()
                raise error_of(answer)
            yield from answer.iter_bytes()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, steps: Steps[T]) -> T:
        outcome: Outcome | None = None
        with closing(steps):
            try:
                while True:
                    outcome = self._perform(steps.send(outcome))
            except StopIteration as end:
                result: T = end.value
                return result

    def _perform(self, step: Call | Pause) -> Outcome | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            with self._http.stream(**step.arguments) as answer:
                if step.into is None or answer.is_error:
                    answer.read()
                else:
                    for block in answer.iter_bytes():
                        step.into.write(block)
                return answer
        except httpx2.TransportError as error:
            return error
