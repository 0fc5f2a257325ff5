"""Routes of playlists: takes to be heard together, in order."""

from fastapi import APIRouter, Response, status

from khala.server.access import Caller
from khala.server.context import ContextDep, Id, scope
from khala.server.schemas.playlists import NewPlaylist, Playlist, PlaylistChange, Playlists, PlaylistSongs, PutTakes
from khala.server.schemas.songs import Song

router = APIRouter(prefix="/api/v1", tags=["playlists"])


@router.get("/playlists")
def list_playlists(context: ContextDep, owner: Caller) -> Playlists:
    """List the caller's own playlists, oldest first."""
    return Playlists(playlists=[Playlist.of(one) for one in context.library.playlists.all(owner.id)])


@router.post("/playlists", status_code=status.HTTP_201_CREATED)
def create_playlist(context: ContextDep, owner: Caller, new: NewPlaylist, response: Response) -> Playlist:
    """Create a playlist. Names need not be unique."""
    made = context.library.playlists.create(owner.id, new.name, new.takes, scope(owner))
    response.headers["Location"] = f"/api/v1/playlists/{made.id}"
    return Playlist.of(made)


@router.get("/playlists/{playlist_id}")
def get_playlist(context: ContextDep, owner: Caller, playlist_id: Id) -> PlaylistSongs:
    """Return a playlist and the songs that its takes belong to."""
    playlist = context.library.playlists.get(owner.id, playlist_id)
    songs = context.library.playlists.songs(playlist, scope(owner))
    return PlaylistSongs(**dict(Playlist.of(playlist)), songs=[Song.of(song) for song in songs])


@router.patch("/playlists/{playlist_id}")
def change_playlist(context: ContextDep, owner: Caller, playlist_id: Id, change: PlaylistChange) -> Playlist:
    """Rename a playlist."""
    return Playlist.of(context.library.playlists.rename(owner.id, playlist_id, change.name))


@router.delete("/playlists/{playlist_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_playlist(context: ContextDep, owner: Caller, playlist_id: Id) -> None:
    """Delete a playlist. Its songs stay."""
    context.library.playlists.delete(owner.id, playlist_id)


@router.post("/playlists/{playlist_id}/takes")
def put_takes(context: ContextDep, owner: Caller, playlist_id: Id, put: PutTakes) -> Playlist:
    """Put takes into a playlist, at its end or before another take. Those that are in it already move there."""
    lists = context.library.playlists
    return Playlist.of(lists.put(owner.id, playlist_id, put.takes, put.before, scope(owner)))


@router.delete("/playlists/{playlist_id}/takes/{take_id}")
def remove_take(context: ContextDep, owner: Caller, playlist_id: Id, take_id: Id) -> Playlist:
    """Take a take out of a playlist. Its song stays."""
    return Playlist.of(context.library.playlists.remove(owner.id, playlist_id, take_id))
