"""Routes of takes: their audio in four formats, their waveform peaks, their timed lyrics and their records."""

import asyncio
import json
import re
import shlex
import unicodedata
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from khala.jobs.records import WORDS, SongRecord, TakeRecord
from khala.music.errors import NotFound
from khala.music.lyric_files import LYRIC_SUFFIXES, LyricFormat, lyric_file
from khala.music.request import SongRequest
from khala.music.timing import TimedLine, has_times
from khala.server.access import Caller
from khala.server.audio import MEDIA_TYPES, Audio
from khala.server.context import ContextDep, Id, scope
from khala.server.ranges import ranged
from khala.server.schemas.songs import AudioFormat, Metadata, Peaks

router = APIRouter(prefix="/api/v1", tags=["takes"])

IMMUTABLE = "private, max-age=31536000, immutable"
"""Files stored under an id never change."""
MAY_CHANGE = "private, no-cache"
"""Those that are downloaded do, with the song's title."""

MAX_NAME_BYTES = 150
"""Limit of a title in a file name: file systems allow 255 bytes, and seed, number and extension follow."""

AUDIO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file.", "content": {media_type: {} for media_type in MEDIA_TYPES.values()}},
    206: {"description": "The part requested by Range."},
    304: {"description": "The client has the file already."},
}

LYRIC_MEDIA_TYPES = {
    "lrc": "text/plain",
    "elrc": "text/plain",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "json": "application/json",
}
LYRICS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The lyrics with their times; the lines of JSON are those of `lyrics` in the record.",
        "content": {media_type: {} for media_type in dict.fromkeys(LYRIC_MEDIA_TYPES.values())},
    },
}


@router.head("/takes/{take_id}/audio.{format}", include_in_schema=False)
@router.get("/takes/{take_id}/audio.{format}", response_class=Response, responses=AUDIO)
async def get_audio(
    context: ContextDep,
    owner: Caller,
    request: Request,
    take_id: Id,
    format: AudioFormat,
    download: Annotated[bool, Query(description="Save the file under the song's title, which is in its tags.")] = False,
    tags: Annotated[bool, Query(description="Whether the file says what it is: see `docs/files.md`.")] = True,
) -> Response:
    """Return the audio of a finished take. WAV and Opus are made on first request. Supports Range."""
    if not download and tags:
        audio = await context.renderer.audio(scope(owner), take_id, format)
        return send(request, audio, {"Cache-Control": IMMUTABLE})
    audio = await context.renderer.download(scope(owner), take_id, format, tags)
    headers = {"Cache-Control": MAY_CHANGE}
    if download:
        take = await asyncio.to_thread(context.library.take, None, take_id)
        song = await asyncio.to_thread(context.library.song, None, take.song_id)
        headers["Content-Disposition"] = disposition(song, take, f".{format}")
    return send(request, audio, headers)


def send(request: Request, audio: Audio, headers: dict[str, str]) -> Response:
    """Return a response with the audio, or the requested range of it."""
    return ranged(request, audio.read, audio.size, audio.digest, audio.media_type, headers)


@router.get("/takes/{take_id}/peaks")
def get_peaks(context: ContextDep, owner: Caller, take_id: Id, response: Response) -> Peaks:
    """Return the waveform peaks of a finished take, for drawing it."""
    artifact = context.library.artifact(scope(owner), take_id, "peaks")
    response.headers["Cache-Control"] = IMMUTABLE
    return Peaks.model_validate_json(context.library.store.get(artifact))


@router.get("/takes/{take_id}/lyrics.{format}", response_class=Response, responses=LYRICS)
async def get_lyrics(
    context: ContextDep,
    owner: Caller,
    take_id: Id,
    format: LyricFormat,
    download: Annotated[bool, Query(description="Save the file under the song's title.")] = False,
) -> Response:
    """Return when the lines and words of a take are sung; of one that is heard while it is made as far as is known,
    nothing until its first word. `elrc` is LRC with a time on every word."""
    take = await asyncio.to_thread(context.library.take, scope(owner), take_id)
    song = await asyncio.to_thread(context.library.song, None, take.song_id)
    known = (take.metadata or {}).get("lyrics") or ()
    if take.live and (words := take.numbered(WORDS)):
        known = json.loads(await asyncio.to_thread(context.library.store.get, words[-1]))
    lines = [TimedLine.from_dict(line) for line in known]
    if not take.live and not has_times(lines):
        raise NotFound("it is not known when the words of the take are sung")
    headers = {}
    if download:
        headers["Content-Disposition"] = disposition(song, take, LYRIC_SUFFIXES[format])
    content = lyric_file(lines, format, song.title)
    return Response(content, media_type=LYRIC_MEDIA_TYPES[format], headers=headers)


@router.get("/takes/{take_id}/metadata")
def get_metadata(context: ContextDep, owner: Caller, take_id: Id) -> Metadata:
    """Return the record of a finished take, as `khala generate` writes it, and the `command` that makes it again."""
    take = context.library.take(scope(owner), take_id)
    if take.metadata is None:
        raise NotFound("the take has no metadata yet")
    return {**take.metadata, "command": command_line(take)}


def command_line(take: TakeRecord) -> str | None:
    """Return the command line that makes the same take again; None if the options cannot express the request."""
    record = take.metadata or {}
    request = SongRequest.from_dict(record["request"])
    if "derived" in record:
        return None
    sampling = request.sampling
    if sampling.superres_temperature != 1.0:
        return None
    command = ["khala", "generate", "--model", record["model"]["name"], "--seed", str(take.seed)]
    if request.prompt:
        command += ["--prompt", request.prompt]
    if request.tags:
        command += ["--tags", ", ".join(request.tags)]
    if request.lyrics:
        command += ["--lyrics", request.lyrics]
    if request.chords:
        command += ["--chords", request.chords]
    if request.instrumental:
        command += ["--instrumental"]
    command += ["--duration", f"{request.duration:g}", "--temperature", f"{sampling.temperature:g}"]
    command += ["--top-k", str(sampling.top_k)]
    mean = sampling.superres_sampling == "mean"
    command += ["--superres-sampling", "mean"] if mean else ["--superres-top-k", str(sampling.superres_top_k)]
    command += ["--guidance", f"{sampling.guidance:g}"]
    if request.best_of != 1:
        command += ["--best-of", str(request.best_of)]
    return shlex.join([*command, "--device", record["device"], "--dtype", record["dtype"]])


def disposition(song: SongRecord, take: TakeRecord, suffix: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266): the title, and an ASCII name for old clients."""
    plain = f'attachment; filename="{_slug(song)}{_ending(song, take, suffix)}"'
    encoded = quote(name_of(song, take, suffix), safe="")
    return f"{plain}; filename*=UTF-8''{encoded}" if file_name(song.title) else plain


def name_of(song: SongRecord, take: TakeRecord, suffix: str) -> str:
    """Return the name of a file of a take: title, seed and number."""
    return (file_name(song.title) or _slug(song)) + _ending(song, take, suffix)


def _slug(song: SongRecord) -> str:
    return replace(song.request, title=song.title).slug()


def _ending(song: SongRecord, take: TakeRecord, suffix: str) -> str:
    return f"-{song.request.seed}-{take.number}{suffix}"


def file_name(title: str) -> str:
    """Return a title as a file name that is valid on every system, at most MAX_NAME_BYTES long in UTF-8."""
    printable = "".join(char for char in unicodedata.normalize("NFC", title) if char.isprintable())
    name = re.sub(r'[<>:"/\\|?*]+', "-", printable).encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return name.strip(" .-")
