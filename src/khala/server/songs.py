"""Routes of songs: submit, list, show, change, cancel, retry and delete."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response, status

from khala.jobs.records import SongRecord
from khala.music.loras import Lora
from khala.music.request import SongRequest
from khala.server.access import Caller
from khala.server.context import Context, ContextDep, Id, scope
from khala.server.schemas.requests import NewSong, SongChange
from khala.server.schemas.songs import Song, Songs

router = APIRouter(prefix="/api/v1", tags=["songs"])

DEFAULT_SECONDS = 60.0


def to_request(context: Context, fields: Mapping[str, Any]) -> tuple[SongRequest, str]:
    """Return the complete request for the `fields` of a `NewSong`, with defaults filled in, and its model, with the
    adapters (`music.loras.adapted`). Raises InvalidRequest, ModelError."""
    loras = [Lora(**one) for one in fields.get("loras") or ()]
    model = context.models.adapted(fields.get("model") or context.settings.model, loras)
    config = context.models.config(model)
    given = {name: value for name, value in fields.items() if value is not None and name not in ("model", "loras")}
    values = {"duration": min(DEFAULT_SECONDS, config.max_seconds), **given}
    values["sampling"] = vars(config.sampling.with_changes(**values.get("sampling", {})))
    request = SongRequest.from_dict(values)
    config.require_possible(request)
    return request, model


IdempotencyKey = Annotated[
    str | None, Header(max_length=300, description="A request repeated with the same key makes no second song.")
]


def accepted(response: Response, record: SongRecord) -> Song:
    """Return a new song as a response, which says where it is from now on."""
    song = Song.of(record)
    response.headers["Location"] = f"/api/v1/songs/{song.id}"
    return song


@router.post("/songs", status_code=status.HTTP_202_ACCEPTED, response_model=Song)
def create_song(
    context: ContextDep,
    owner: Caller,
    new: NewSong,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Song:
    """Submit a song. It is stored when this returns, and will be made even if the server stops."""
    request, model = to_request(context, new.model_dump(exclude_none=True))
    return accepted(response, context.library.submit(owner.id, request, model, idempotency_key))


@router.get("/songs")
def list_songs(
    context: ContextDep,
    owner: Caller,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="`next` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    q: Annotated[
        str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Words to find in title, prompt, tags or lyrics.")
    ] = "",
) -> Songs:
    """List songs, newest first: the caller's own, or everybody's for an admin."""
    page = context.library.songs(scope(owner), cursor, limit, q)
    return Songs(songs=[Song.of(song) for song in page.songs], next=page.next)


@router.get("/songs/{song_id}")
def get_song(context: ContextDep, owner: Caller, song_id: Id) -> Song:
    """Return a song in its current state."""
    return Song.of(context.library.song(scope(owner), song_id))


@router.patch("/songs/{song_id}")
def change_song(context: ContextDep, owner: Caller, song_id: Id, change: SongChange) -> Song:
    """Rename or like a song."""
    return Song.of(context.library.update(scope(owner), song_id, change.title, change.liked))


@router.delete("/songs/{song_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_song(context: ContextDep, owner: Caller, song_id: Id) -> None:
    """Permanently remove a song, its takes and their files. What was made out of them stays."""
    context.library.delete(scope(owner), song_id)


@router.post("/songs/{song_id}/cancel")
def cancel_song(context: ContextDep, owner: Caller, song_id: Id) -> Song:
    """Cancel the takes that are queued or running; takes that have ended stay."""
    return Song.of(context.library.cancel(scope(owner), song_id))


@router.post("/songs/{song_id}/retry", status_code=status.HTTP_202_ACCEPTED)
def retry_song(context: ContextDep, owner: Caller, song_id: Id) -> Song:
    """Queue the takes that failed or were cancelled again; finished stages are not repeated."""
    return Song.of(context.library.retry(scope(owner), song_id))
