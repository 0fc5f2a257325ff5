"""Routes of songs that leave the service: a take as one page of HTML, and many takes as one zip file."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from khala.generation.share import ShareFormat, content_policy
from khala.jobs.library import Library
from khala.jobs.records import SongRecord, TakeRecord
from khala.music.errors import NotFound
from khala.server.access import Caller
from khala.server.archive import archive, unique_names
from khala.server.audio import Audio
from khala.server.context import ContextDep, Id, scope
from khala.server.schemas.playlists import TakeId
from khala.server.schemas.songs import AudioFormat
from khala.server.takes import MAY_CHANGE, disposition, name_of

router = APIRouter(prefix="/api/v1", tags=["takes"])

MAX_ARCHIVED = 200
"""Takes in one zip file: their ids have to fit into an address."""
PAGE: dict[int | str, dict[str, Any]] = {200: {"description": "The page.", "content": {"text/html": {}}}}
ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"description": "The files.", "content": {"application/zip": {}}}}


@router.get("/takes/{take_id}/share.html", response_class=Response, responses=PAGE)
async def get_share_page(
    context: ContextDep,
    owner: Caller,
    take_id: Id,
    audio: Annotated[ShareFormat, Query(description="Format of the sound; opus is smaller.")] = "mp3",
    download: Annotated[bool, Query(description="Save the page under the song's title.")] = False,
) -> Response:
    """Return a finished take as one page that needs nothing else: its sound, its words as they are sung, its cover."""
    take = await asyncio.to_thread(context.library.take, scope(owner), take_id)
    song = await asyncio.to_thread(context.library.song, None, take.song_id)
    page = await context.renderer.page(song, take, audio)
    # without an origin, whatever a title or a lyric holds could not use the key of who looks at the page here
    policy = f"{content_policy()}; sandbox allow-scripts"
    headers = {"Cache-Control": MAY_CHANGE, "Content-Security-Policy": policy}
    if download:
        headers["Content-Disposition"] = disposition(song, take, ".html")
    return Response(page, headers=headers, media_type="text/html")


@router.get("/takes.zip", response_class=Response, responses=ARCHIVE)
async def get_archive(
    context: ContextDep,
    owner: Caller,
    take: Annotated[list[TakeId], Query(min_length=1, max_length=MAX_ARCHIVED, description="Ids of finished takes.")],
    format: AudioFormat = "flac",
    tags: Annotated[bool, Query(description="Whether the files say what they are: see `docs/files.md`.")] = True,
) -> Response:
    """Return the audio of takes as one zip file, each under its song's title."""
    found = await asyncio.to_thread(_found, context.library, scope(owner), list(dict.fromkeys(take)))
    names = unique_names([name_of(song, one, f".{format}") for song, one in found])

    async def files() -> AsyncIterator[tuple[str, Audio]]:
        for name, (_, one) in zip(names, found, strict=True):
            yield name, await context.renderer.download(scope(owner), one.id, format, tags)

    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="khala.zip"'}
    return StreamingResponse(archive(files()), headers=headers, media_type="application/zip")


def _found(library: Library, owner_id: str | None, take_ids: list[str]) -> list[tuple[SongRecord, TakeRecord]]:
    """Return takes and their songs. Raises NotFound unless all are done."""
    takes = [library.take(owner_id, id) for id in take_ids]
    if any(take.state != "done" for take in takes):
        raise NotFound("a take has no audio yet")
    return [(library.song(owner_id, take.song_id), take) for take in takes]
