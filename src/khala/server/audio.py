"""The audio of a take in the format that is asked for: the stored FLAC, or a file made of it once and kept."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from khala.audio.transcode import transcode
from khala.jobs.artifacts import no_room
from khala.jobs.library import Library
from khala.jobs.records import Artifact
from khala.music.errors import InvalidRequest, NotFound, OutputError

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "opus": "audio/ogg"}
AT_ONCE = 2
"""Files that are made at a time; more would only make each other wait."""


class Renderer:
    """Makes formats of takes on demand, each once however many ask for it at the same time."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._room = asyncio.Semaphore(AT_ONCE)
        self._making: dict[tuple[str, str], asyncio.Task[Artifact]] = {}

    async def audio(self, owner_id: str | None, take_id: str, format: str) -> Artifact:
        """The stored file of a take in `format`, a key of MEDIA_TYPES. Raises NotFound for a take that is not done, or
        not of `owner_id`, and StoreError."""
        take = await asyncio.to_thread(self._library.take, owner_id, take_id)
        kept = {artifact.kind: artifact for artifact in take.artifacts}
        if f"audio.{format}" in kept:
            return kept[f"audio.{format}"]
        if "audio.flac" not in kept:
            raise NotFound("the take has no audio, or not yet")
        key = take_id, format
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(kept["audio.flac"], format))
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await asyncio.shield(self._making[key])  # others may wait for it, too

    async def _make(self, flac: Artifact, format: str) -> Artifact:
        async with self._room:
            return await asyncio.to_thread(self._make_now, flac, format)

    def _make_now(self, flac: Artifact, format: str) -> Artifact:
        try:
            with TemporaryDirectory(prefix="khala-") as folder, self._library.store.as_file(flac) as source:
                made = transcode(source, Path(folder) / f"audio.{format}", format)
                return self._library.keep(flac.take_id, f"audio.{format}", MEDIA_TYPES[format], made)
        except (OSError, OutputError) as error:
            raise no_room(error) from error
        except InvalidRequest:  # whoever asks did nothing wrong, and need not know where it is stored
            raise NotFound("the audio of the take was changed or damaged in the store") from None
