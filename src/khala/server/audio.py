"""The audio of a take in any format: the file that its worker stored, or one transcoded once from its FLAC.

Transcoded files are stored, too. If that fails (the disk is full), they are served from memory.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from khala.audio.tags.tag_set import Tags
from khala.audio.transcode import retag, transcode
from khala.generation.kept import KeptSong
from khala.generation.share import share_page
from khala.generation.tagging import tags_of
from khala.jobs.artifacts import BLOCK_BYTES
from khala.jobs.library import Library
from khala.jobs.records import KEPT, Artifact, SongRecord, TakeRecord
from khala.music.errors import InvalidRequest, NotFound, StoreError

log = logging.getLogger(__name__)

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "opus": "audio/ogg"}
MAX_CONCURRENT = 2
"""Files transcoded at a time; more would only slow each other down."""
MAX_HELD_BYTES = 256_000_000
"""Size of files kept in memory because they cannot be stored: players request one part after another. The newest file
is kept whatever its size (ten minutes of WAV are 159 MB)."""


@dataclass(frozen=True)
class Audio:
    """An audio file of a take: `read(start, stop)` returns its bytes in blocks; `digest` is their sha256 in hex."""

    take_id: str
    format: str
    size: int
    digest: str
    read: Callable[[int, int], Iterator[bytes]]

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]


class Renderer:
    """Transcodes takes on demand, each format once however many requests come at the same time."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.room = asyncio.Semaphore(MAX_CONCURRENT)
        """Taken by whoever transcodes."""
        self._making: dict[tuple[str, str], asyncio.Task[Audio]] = {}
        self._held: dict[tuple[str, ...], Audio] = {}

    async def audio(self, owner_id: str | None, take_id: str, format: str) -> Audio:
        """Return the audio of a take in `format`, a key of MEDIA_TYPES. Raises NotFound for a take that is not done or
        not visible to `owner_id`, and StoreError."""
        take = await asyncio.to_thread(self._library.take, owner_id, take_id)
        kept = {artifact.kind: artifact for artifact in take.artifacts}
        if f"audio.{format}" in kept:
            return self._stored(kept[f"audio.{format}"])
        if "audio.flac" not in kept:
            raise NotFound("the take has no audio yet")
        key = take_id, format
        if key in self._held:
            return self._held[key]
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(take, kept["audio.flac"], format))
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await asyncio.shield(self._making[key])  # other requests may wait for it, too

    async def download(self, owner_id: str | None, take_id: str, format: str, tagged: bool) -> Audio:
        """Return the same for keeping: with the title that the song has now, or without tags. Raises NotFound,
        StoreError."""
        audio = await self.audio(owner_id, take_id, format)
        take = await asyncio.to_thread(self._library.take, owner_id, take_id)
        song = await asyncio.to_thread(self._library.song, owner_id, take.song_id)
        record = take.metadata or {}
        if tagged and (not record or song.title == record["request"]["title"]):
            return audio
        key = take_id, format, audio.digest, *([song.title] if tagged else [])
        if key not in self._held:
            async with self.room:
                retagged = await asyncio.to_thread(self._retagged, audio, song, take, tagged)
            self._hold(key, retagged)
        return self._held[key]

    async def page(self, song: SongRecord, take: TakeRecord, format: str) -> str:
        """Return a take as one page (`generation.share`) with its sound in `format`. Raises NotFound for a take that is
        not done, StoreError."""
        flac = next((artifact for artifact in take.artifacts if artifact.kind == "audio.flac"), None)
        if flac is None or take.metadata is None:
            raise NotFound("the take has no audio yet")
        async with self.room:
            return await asyncio.to_thread(self._page, song, take.metadata, flac, format)

    async def _make(self, take: TakeRecord, flac: Artifact, format: str) -> Audio:
        async with self.room:
            content = await asyncio.to_thread(self._transcode, take, flac, format)
            try:
                keep = partial(self._library.keep, flac.take_id, f"audio.{format}", MEDIA_TYPES[format], content)
                return self._stored(await asyncio.to_thread(keep))
            except StoreError as error:
                log.warning("audio is served from memory", extra={"take": flac.take_id, "error": str(error)})
            audio = await asyncio.to_thread(_in_memory, flac.take_id, format, content)
        self._hold((flac.take_id, format), audio)
        return audio

    def _transcode(self, take: TakeRecord, flac: Artifact, format: str) -> bytes:
        tags = self._tags(take)
        try:
            return transcode(self._library.store.get(flac), format, tags)
        except InvalidRequest:  # not the caller's fault
            raise NotFound("the audio of the take cannot be read") from None

    def _page(self, song: SongRecord, record: Mapping[str, Any], flac: Artifact, format: str) -> str:
        try:
            return share_page(record, self._library.store.get(flac), format, song.title, song.id)
        except InvalidRequest:  # not the caller's fault
            raise NotFound("the audio of the take cannot be read") from None

    def _retagged(self, audio: Audio, song: SongRecord, take: TakeRecord, tagged: bool) -> Audio:
        tags = self._tags(take, song.title) if tagged else None
        content = b"".join(audio.read(0, audio.size))
        if hashlib.sha256(content).hexdigest() != audio.digest:
            raise NotFound("the audio of the take was damaged in the store")
        return _in_memory(audio.take_id, audio.format, retag(content, tags or Tags()))

    def _tags(self, take: TakeRecord, title: str | None = None) -> Tags | None:
        """Return the tags of a take, which let the file be reworked, too."""
        if not take.metadata:
            return None
        kept = next((artifact for artifact in take.artifacts if artifact.kind == KEPT), None)
        song = KeptSong.from_bytes(self._library.store.get(kept)).to_text() if kept else ""
        return tags_of(take.metadata, title, take.song_id, song)

    def _stored(self, artifact: Artifact) -> Audio:
        format = artifact.kind.removeprefix("audio.")
        read = partial(self._library.store.read, artifact)
        return Audio(artifact.take_id, format, artifact.size, artifact.digest, read)

    def _hold(self, key: tuple[str, ...], audio: Audio) -> None:
        self._held[key] = audio
        while len(self._held) > 1 and sum(one.size for one in self._held.values()) > MAX_HELD_BYTES:
            self._held.pop(next(iter(self._held)))  # the oldest


def _in_memory(take_id: str, format: str, content: bytes) -> Audio:
    return Audio(take_id, format, len(content), hashlib.sha256(content).hexdigest(), partial(_blocks, content))


def _blocks(content: bytes, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, BLOCK_BYTES):
        yield content[at : min(at + BLOCK_BYTES, stop)]
