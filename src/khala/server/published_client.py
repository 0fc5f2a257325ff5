"""The routes of the published web client, at the root: it runs against this server unchanged.

The client requests two takes, polls the job every 0.8 s, shows `queue_position`, `phase_display` and `progress`, and
plays `/mp3`. It expects errors as `{"status": "error", "error": TEXT}` with a 4xx status.
"""

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from khala.jobs.records import SongRecord, TakeRecord
from khala.music.errors import NotFound
from khala.music.lyrics import clean_lyrics
from khala.music.published_request import published_parameters
from khala.music.request import Sampling, SongRequest
from khala.music.tags import parse_tags
from khala.server import about, takes
from khala.server.access import Caller
from khala.server.context import Context, ContextDep, Id, scope
from khala.server.schemas.service import Tags

router = APIRouter(tags=["published client"])

TAKES = 2
PHASES = {"backbone": "generating", "superres": "superres", "decode": "decoding", "finish": "decoding"}
PHASE_NAMES = {
    "load": "Loading the model",
    "backbone": "Composing",
    "superres": "Refining",
    "decode": "Rendering",
    "finish": "Finishing",
}


class Accepted(BaseModel):
    status: Literal["accepted", "queued"]
    job_id: str
    num_tracks: int
    queue_position: int


class Track(BaseModel):
    index: int
    status: Literal["queued", "generating", "superres", "decoding", "done", "error"]
    progress: int
    phase_display: str
    worker_id: str | None
    worker_phase: str
    duration_sec: float
    error: str | None


class Job(BaseModel):
    job_id: str
    status: Literal["queued", "pending", "generating", "completed", "partial"]
    queue_position: int
    cleaned_lyrics: str
    created_at: float
    tracks: list[Track]


class PoolWorker(BaseModel):
    worker_id: int
    url: str
    status: Literal["idle", "busy"]
    phase: str
    gpu_id: int


class Pool(BaseModel):
    total_gpus: int
    idle_gpus: int
    active_jobs: int
    queued_jobs: int
    workers: list[PoolWorker]


def to_request(context: Context, body: dict[str, Any]) -> tuple[SongRequest, float]:
    """Return the client's request, shortened to the model's limit, and the seconds that it asked for. Raises
    InvalidRequest."""
    parameters = published_parameters(body)
    config = context.models.config(context.settings.model)
    seconds = 60.0 * parameters.duration
    request = SongRequest(
        prompt=parameters.description,
        tags=parse_tags(parameters.tags),
        lyrics=parameters.lyrics,
        instrumental=parameters.instrumental,
        duration=min(seconds, config.max_seconds),
        takes=TAKES,
        sampling=Sampling(parameters.temperature, parameters.top_k, superres_top_k=parameters.superres_top_k),
    )
    return request, seconds


@router.post("/generate", name="legacy_generate")
def published_generate(context: ContextDep, owner: Caller, body: dict[str, Any]) -> Accepted:
    """Submit a song of two takes: {mode, prompt_mode, prompt, tags, lyrics, duration, top_k_bb, temperature}."""
    request, seconds = to_request(context, body)
    asked_seconds = seconds if seconds > request.duration else None
    song = context.library.submit(owner.id, request, context.settings.model, asked_seconds=asked_seconds)
    position = _position(context, song)
    return Accepted(
        status="queued" if position else "accepted", job_id=song.id, num_tracks=TAKES, queue_position=position
    )


@router.get("/job/{job_id}", name="legacy_job")
def published_job(context: ContextDep, owner: Caller, job_id: Id) -> Job:
    """Return the progress of a song's takes."""
    song = context.library.song(scope(owner), job_id)
    return Job(
        job_id=song.id,
        status=_state(song),
        queue_position=_position(context, song),
        cleaned_lyrics=clean_lyrics(song.request.lyrics),
        created_at=song.created,
        tracks=[_track(song, take) for take in song.takes],
    )


@router.head("/job/{job_id}/track/{index}/{format}", include_in_schema=False)
@router.get("/job/{job_id}/track/{index}/{format}", name="legacy_track", response_class=Response, responses=takes.AUDIO)
async def published_track(
    context: ContextDep, owner: Caller, request: Request, job_id: Id, index: int, format: Literal["mp3", "wav"]
) -> Response:
    """Return the audio of a finished take."""
    take_id = await asyncio.to_thread(_take_id, context, scope(owner), job_id, index)
    audio = await context.renderer.audio(scope(owner), take_id, format)
    disposition = "inline" if format == "mp3" else "attachment"
    return takes.send(request, audio, {"Content-Disposition": f'{disposition}; filename="track_{index}.{format}"'})


@router.get("/status", name="legacy_status")
def published_status(context: ContextDep, owner: Caller) -> Pool:
    """Return the workers, and the numbers of takes queued and running."""
    now = context.library.maintenance.status()
    return Pool(
        total_gpus=len(now.workers),
        idle_gpus=sum(not worker.takes for worker in now.workers),
        active_jobs=now.running,
        queued_jobs=now.queued,
        workers=[
            PoolWorker(
                worker_id=number,
                url="",
                status="busy" if worker.takes else "idle",
                phase="working" if worker.takes else "idle",
                gpu_id=int(worker.device.partition(":")[2] or 0) if worker.device.startswith("cuda") else -1,
            )
            for number, worker in enumerate(now.workers)
        ],
    )


@router.get("/tags", name="legacy_tags")
def published_tags(owner: Caller) -> Tags:
    """Return the same as /api/v1/tags."""
    return about.get_tags(owner)


def _take_id(context: Context, owner_id: str | None, job_id: str, index: int) -> str:
    song = context.library.song(owner_id, job_id)
    if not 0 <= index < len(song.takes):
        raise NotFound(f"the job has no track {index}")
    return song.takes[index].id


def _position(context: Context, song: SongRecord) -> int:
    """Return the queue position of a song, not counting takes for which a worker is free; 0 if it need not wait."""
    waiting = [take.position for take in song.takes if take.position is not None]
    if not waiting or song.state != "queued":
        return 0
    idle = sum(not worker.takes for worker in context.library.maintenance.status().workers)
    return max(0, min(waiting) - idle)


def _state(song: SongRecord) -> Literal["queued", "pending", "generating", "completed", "partial"]:
    states = {take.state for take in song.takes}
    if states == {"done"}:
        return "completed"
    if states <= {"done", "failed", "cancelled"}:
        return "partial"
    if "running" in states:
        return "generating"
    return "queued" if states == {"queued"} else "pending"


def _track(song: SongRecord, take: TakeRecord) -> Track:
    status: Any = take.state
    text = {"queued": "Queued", "done": "Done", "failed": "Failed", "cancelled": "Cancelled"}.get(take.state, "")
    if take.state == "queued" and take.position is not None:
        text = f"Queued, number {take.position}"
    elif take.state == "running":
        status = PHASES.get(take.stage or "", "generating")
        text = f"{PHASE_NAMES.get(take.stage or 'load', '')} {100 * take.stage_progress:.0f}%"
    elif take.state in ("failed", "cancelled"):
        status = "error"
    if song.asked_seconds is not None:
        text += f" (shortened from {song.asked_seconds:g} s to {song.request.duration:g} s, the model's maximum)"
    return Track(
        index=take.number - 1,  # this client counts from 0
        status=status,
        progress=round(100 * take.progress),
        phase_display=take.note or text,
        worker_id=take.worker_id,
        worker_phase=_worker_phase(take),
        duration_sec=(take.metadata or {}).get("duration", 0.0),
        error=take.error if take.state == "failed" else "cancelled" if take.state == "cancelled" else None,
    )


def _worker_phase(take: TakeRecord) -> str:
    if take.state != "running":
        return "idle"
    stage = take.stage or "load"
    return {"load": "loading_model", "decode": "decoding", "finish": "decoding"}.get(stage, stage)
