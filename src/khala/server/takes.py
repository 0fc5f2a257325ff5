"""Routes of takes: their audio by id in four formats, their outline, the record of how they were made."""

import asyncio
import re
import shlex
import unicodedata
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from khala.jobs.records import Take
from khala.music.errors import NotFound
from khala.music.request import SongRequest
from khala.server.access import Caller
from khala.server.audio import MEDIA_TYPES, Audio
from khala.server.context import Context, Here, Id, scope
from khala.server.ranges import ranged
from khala.server.schemas import AudioFormat, Metadata, Peaks

router = APIRouter(prefix="/api/v1", tags=["takes"])

FOREVER = "private, max-age=31536000, immutable"
"""What is stored under an id never changes."""

NAME_BYTES = 150
"""Systems know names of 255 bytes; a number and an extension stand behind it."""

AUDIO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file.", "content": {media_type: {} for media_type in MEDIA_TYPES.values()}},
    206: {"description": "The part that was asked for by Range."},
    304: {"description": "The client has it already."},
}


@router.head("/takes/{take_id}/audio.{format}", include_in_schema=False)
@router.get("/takes/{take_id}/audio.{format}", response_class=Response, responses=AUDIO)
async def get_audio(
    here: Here,
    owner: Caller,
    request: Request,
    take_id: Id,
    format: AudioFormat,
    download: Annotated[bool, Query(description="To be saved under a telling name rather than played.")] = False,
) -> Response:
    """The audio of a finished take. WAV and Opus are made on first demand; understands Range."""
    audio = await here.renderer.audio(scope(owner), take_id, format)
    headers = {"Cache-Control": FOREVER}
    if download:
        headers["Content-Disposition"] = await _disposition(here, audio)
    return send(request, audio, headers)


def send(request: Request, audio: Audio, headers: dict[str, str]) -> Response:
    """Audio as an answer, or the part of it that is asked for."""
    return ranged(request, audio.read, audio.size, audio.digest, audio.media_type, headers)


@router.get("/takes/{take_id}/peaks")
def get_peaks(here: Here, owner: Caller, take_id: Id, response: Response) -> Peaks:
    """The outline of a finished take, for drawing it."""
    artifact = here.library.artifact(scope(owner), take_id, "peaks")
    response.headers["Cache-Control"] = FOREVER
    return Peaks.model_validate_json(here.library.store.get(artifact))


@router.get("/takes/{take_id}/metadata")
def get_metadata(here: Here, owner: Caller, take_id: Id) -> Metadata:
    """All that is needed to make a finished take again, as `khala generate` writes it, and the `command` that does."""
    take = here.library.take(scope(owner), take_id)
    if take.metadata is None:
        raise NotFound("the take has no metadata, or not yet")
    return {**take.metadata, "command": command(take)}


def command(take: Take) -> str | None:
    """The command line that makes the same take again; None where no option says what was asked."""
    record = take.metadata or {}
    request = SongRequest.from_dict(record["request"])
    sampling = request.sampling
    if sampling.superres_temperature != 1.0:
        return None
    words = ["khala", "generate", "--model", record["model"]["name"], "--seed", str(take.seed)]
    if request.prompt:
        words += ["--prompt", request.prompt]
    if request.tags:
        words += ["--tags", ", ".join(request.tags)]
    if request.lyrics:
        words += ["--lyrics", request.lyrics]
    if request.instrumental:
        words += ["--instrumental"]
    words += ["--duration", f"{request.duration:g}", "--temperature", f"{sampling.temperature:g}"]
    words += ["--top-k", str(sampling.top_k), "--superres-top-k", str(sampling.superres_top_k)]
    words += ["--guidance", f"{sampling.guidance:g}"]
    if request.best_of != 1:
        words += ["--best-of", str(request.best_of)]
    return shlex.join([*words, "--device", record["device"], "--dtype", record["dtype"]])


async def _disposition(here: Context, audio: Audio) -> str:
    """Content-Disposition of a download (RFC 6266): its title, and for old clients letters, digits and hyphens only."""
    take = await asyncio.to_thread(here.library.take, None, audio.take_id)
    song = await asyncio.to_thread(here.library.song, None, take.song_id)
    ending = f"-{song.request.seed}-{take.number + 1}.{audio.format}"
    plain = f'attachment; filename="{replace(song.request, title=song.title).slug()}{ending}"'
    title = file_name(song.title)
    return f"{plain}; filename*=UTF-8''{quote(title + ending, safe='')}" if title else plain


def file_name(title: str) -> str:
    """What of a title may stand in the name of a file on every system, in UTF-8 at most NAME_BYTES long."""
    shown = "".join(char for char in unicodedata.normalize("NFC", title) if char.isprintable())  # no turning of text
    name = re.sub(r'[<>:"/\\|?*]+', "-", shown).encode()[:NAME_BYTES].decode(errors="ignore")
    return name.strip(" .-")
