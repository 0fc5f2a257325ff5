"""Routes of songs: ask for one, see them, change, cancel, retry and delete them, follow what happens."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status

from khala.music.request import SongRequest
from khala.server.access import Caller
from khala.server.context import Context, Here, Id, scope
from khala.server.schemas import NewSong, Song, SongChange, Songs

router = APIRouter(prefix="/api/v1", tags=["songs"])

DEFAULT_SECONDS = 60.0


def to_request(here: Context, asked: NewSong) -> tuple[SongRequest, str]:
    """The request that `asked` stands for, complete, and its model. Raises InvalidRequest, ModelError."""
    model = asked.model or here.settings.model
    config = here.models.config(model)
    values = {"duration": min(DEFAULT_SECONDS, config.max_seconds), **asked.model_dump(exclude_none=True)}
    values.pop("model", None)
    values["sampling"] = {**vars(config.sampling), **values.get("sampling", {})}
    request = SongRequest.from_dict(values)
    config.require_possible(request)
    return request, model


@router.post("/songs", status_code=status.HTTP_202_ACCEPTED, response_model=Song)
def create_song(
    here: Here,
    owner: Caller,
    asked: NewSong,
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(max_length=300, description="Sent again with the same key, a request makes no second song.")
    ] = None,
) -> Song:
    """Ask for a song. It is stored when this returns, and will be made whatever happens to the server."""
    request, model = to_request(here, asked)
    song = Song.of(here.library.submit(owner.id, request, model, idempotency_key))
    response.headers["Location"] = f"/api/v1/songs/{song.id}"
    return song


@router.get("/songs")
def list_songs(
    here: Here,
    owner: Caller,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    q: Annotated[
        str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Words that title, prompt, tags or lyrics hold.")
    ] = "",
) -> Songs:
    """Songs, newest first: one's own, or everybody's for an admin."""
    page = here.library.songs(scope(owner), cursor, limit, q)
    return Songs(songs=[Song.of(song) for song in page.songs], next=page.next)


@router.get("/songs/{song_id}")
def get_song(here: Here, owner: Caller, song_id: Id) -> Song:
    """A song as it is now."""
    return Song.of(here.library.song(scope(owner), song_id))


@router.patch("/songs/{song_id}")
def change_song(here: Here, owner: Caller, song_id: Id, change: SongChange) -> Song:
    """Rename or like a song."""
    return Song.of(here.library.update(scope(owner), song_id, change.title, change.liked))


@router.delete("/songs/{song_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_song(here: Here, owner: Caller, song_id: Id) -> None:
    """Remove a song, its takes and their files, for good."""
    here.library.delete(scope(owner), song_id)


@router.post("/songs/{song_id}/cancel")
def cancel_song(here: Here, owner: Caller, song_id: Id) -> Song:
    """Stop the takes that wait or run; those that have ended stay."""
    return Song.of(here.library.cancel(scope(owner), song_id))


@router.post("/songs/{song_id}/retry", status_code=status.HTTP_202_ACCEPTED)
def retry_song(here: Here, owner: Caller, song_id: Id) -> Song:
    """Queue the takes that failed or were cancelled once more; finished stages are not repeated."""
    return Song.of(here.library.retry(scope(owner), song_id))
