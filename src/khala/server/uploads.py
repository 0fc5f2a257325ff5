"""Route of uploads: an audio file becomes a song, whose take can be extended, edited and varied like any other."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import soundfile
from fastapi import APIRouter, Query, Request, Response, status

from khala.audio.reading import open_audio
from khala.audio.transcode import recode
from khala.conditioning.request_terms import parse_bpm, parse_keys
from khala.generation.recorded import UNTAGGED
from khala.jobs.artifacts import temporary_file_error
from khala.jobs.records import Origin
from khala.music.errors import InvalidRequest
from khala.music.request import MAX_LYRICS, MAX_TITLE
from khala.scoring.key import chroma, estimate_key
from khala.scoring.tempo import estimate_tempo
from khala.server.access import Caller
from khala.server.context import ContextDep
from khala.server.schemas.songs import Song
from khala.server.songs import IdempotencyKey, accepted, to_request

router = APIRouter(prefix="/api/v1", tags=["songs"])

RATES_HZ = (8000, 192_000)
MAX_CHANNELS = 2
BODY = {
    "requestBody": {
        "description": "An audio file: WAV, FLAC, MP3, Ogg, AIFF, ...",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/uploads", status_code=status.HTTP_202_ACCEPTED, response_model=Song, openapi_extra=BODY)
async def upload(
    context: ContextDep,
    owner: Caller,
    request: Request,
    response: Response,
    title: Annotated[str | None, Query(max_length=MAX_TITLE)] = None,
    tags: Annotated[str | None, Query(description="How it sounds: tags separated by commas.")] = None,
    lyrics: Annotated[str | None, Query(max_length=MAX_LYRICS, description="Its words, if it is sung.")] = None,
    model: Annotated[str | None, Query(max_length=200, description="As in POST /songs: it will rework it.")] = None,
    idempotency_key: IdempotencyKey = None,
) -> Song:
    """Make a song out of an audio file, as long as the model's songs. A worker encodes it: its take sounds as the codec
    keeps it. Tempo and key are estimated where `tags` do not say them."""
    fields: dict[str, Any] = {"title": title, "lyrics": lyrics, "instrumental": not lyrics, "model": model}
    try:
        with TemporaryDirectory(prefix="khala-") as folder:
            file = Path(folder) / "upload.mp3"  # the only format that is not told by its content alone
            with file.open("wb") as body:
                async for block in request.stream():
                    await asyncio.to_thread(body.write, block)
            fields |= {"tags": tags or UNTAGGED, "duration": await asyncio.to_thread(_seconds, file)}
            to_request(context, fields)  # what is wrong is said before anything is computed
            async with context.renderer.room:
                flac = await asyncio.to_thread(_flac, file)
                found = await asyncio.to_thread(_found, flac, tags or "")
    except OSError as error:
        raise temporary_file_error(error) from error
    new, name = to_request(context, {**fields, "tags": ", ".join([*([tags] if tags else []), *found]) or UNTAGGED})
    source = {"audio.flac": ("audio/flac", flac)}
    submission = (owner.id, new, name, idempotency_key, None, Origin(), source)
    return accepted(response, await asyncio.to_thread(context.library.submit, *submission))


@contextmanager
def _opened(file: Path) -> Iterator[soundfile.SoundFile]:
    """Open an uploaded file. Raises InvalidRequest, without its path, if it cannot be read."""
    try:
        with open_audio(file) as sound:
            yield sound
    except InvalidRequest:
        raise InvalidRequest(
            "the audio cannot be read: it is empty, damaged or in an unknown format; convert it, for instance to flac"
        ) from None


def _seconds(file: Path) -> float:
    with _opened(file) as sound:
        rate, channels, seconds = sound.samplerate, sound.channels, float(sound.frames / sound.samplerate)
    low, high = RATES_HZ
    if not (low <= rate <= high and channels <= MAX_CHANNELS):
        raise InvalidRequest(f"the audio has {channels} channels at {rate} Hz; convert it to stereo at 44100 Hz")
    return seconds


def _flac(file: Path) -> bytes:
    with _opened(file) as sound:
        return recode(sound, "flac")


def _found(flac: bytes, said: str) -> list[str]:
    """Return tempo and key as tags, where they are not `said`."""
    samples_NC, rate = soundfile.read(io.BytesIO(flac), dtype="float32", always_2d=True)
    tempo = None if parse_bpm([said]) else estimate_tempo(samples_NC.T, rate)
    key = None if parse_keys([said]) else estimate_key(chroma(samples_NC.T, rate))
    return [*([f"{tempo.bpm:.0f} bpm"] if tempo else []), *([key.name] if key else [])]
