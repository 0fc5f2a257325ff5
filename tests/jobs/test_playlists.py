"""Playlists on either database: in order, each take once, nobody else's."""

import pytest
from service import ask

from khala.jobs import playlists
from khala.jobs.library import Library
from khala.jobs.playlists import Playlist
from khala.music.errors import InvalidRequest, NotFound


@pytest.fixture
def takes(library: Library) -> list[str]:
    return [take.id for take in library.submit("local", ask(takes=4)).takes]


@pytest.fixture
def playlist(library: Library, takes: list[str]) -> Playlist:
    return library.playlists.create("local", " Evening ", takes[:3], "local")


def test_takes_stay_in_the_order_they_were_put_in(library: Library, playlist: Playlist, takes: list[str]) -> None:
    a, b, c, d = takes
    assert (playlist.name, playlist.takes) == ("Evening", (a, b, c))
    put = library.playlists.put
    assert put("local", playlist.id, [d], None, "local").takes == (a, b, c, d)
    assert put("local", playlist.id, [d, c, d], a, "local").takes == (d, c, a, b), "they move, and each is there once"
    assert put("local", playlist.id, [], None, "local").takes == (d, c, a, b)
    assert library.playlists.remove("local", playlist.id, c).takes == (d, a, b)
    assert library.playlists.get("local", playlist.id).takes == (d, a, b)
    assert library.playlists.rename("local", playlist.id, "Night").name == "Night"
    assert [one.name for one in library.playlists.all("local")] == ["Night"]


def test_what_is_not_there_is_not_found_and_changes_nothing(
    library: Library, playlist: Playlist, takes: list[str]
) -> None:
    lists, id = library.playlists, playlist.id
    for wrong in (
        lambda: lists.put("local", id, ["0" * 32], None, "local"),
        lambda: lists.put("local", id, takes[:2], takes[3], "local"),
        lambda: lists.put("local", id, takes[:2], takes[0], "local"),
        lambda: lists.remove("local", id, takes[3]),
        lambda: lists.create("local", "x", ["0" * 32], "local"),
        lambda: lists.get("local", "0" * 32),
        lambda: lists.delete("local", "0" * 32),
    ):
        with pytest.raises(NotFound):
            wrong()
    assert lists.all("local") == [playlist]


def test_a_playlist_is_its_owners_alone(library: Library, playlist: Playlist, takes: list[str]) -> None:
    other, lists = library.owners.create("other").id, library.playlists
    assert lists.all(other) == []
    for wrong in (
        lambda: lists.get(other, playlist.id),
        lambda: lists.rename(other, playlist.id, "mine"),
        lambda: lists.put(other, playlist.id, takes, None, other),
        lambda: lists.delete(other, playlist.id),
        lambda: lists.create(other, "theirs", takes[:1], other),
    ):
        with pytest.raises(NotFound):
            wrong()
    assert lists.create(other, "an admin's", takes[:1], None).takes == (takes[0],)
    assert [song.id for song in lists.songs(playlist, "local")] == [library.take(None, takes[0]).song_id]
    assert lists.songs(playlist, other) == []


def test_a_deleted_song_leaves_the_list_and_a_deleted_list_no_song(library: Library, playlist: Playlist) -> None:
    song = library.submit("local", ask())
    library.playlists.put("local", playlist.id, [song.takes[0].id], playlist.takes[1], "local")
    library.delete("local", song.id)
    assert library.playlists.get("local", playlist.id) == playlist
    library.playlists.delete("local", playlist.id)
    assert library.playlists.all("local") == []
    assert library.take("local", playlist.takes[0]).state == "queued"


def test_names_and_numbers_have_limits(
    library: Library, playlist: Playlist, takes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("", "  ", "x" * 201, "a\nb", "\ud800"):
        with pytest.raises(InvalidRequest, match="name of a playlist"):
            library.playlists.rename("local", playlist.id, name)
    monkeypatch.setattr(playlists, "MAX_PLAYLIST_TAKES", 3)
    with pytest.raises(InvalidRequest, match="at most 3 takes"):
        library.playlists.put("local", playlist.id, takes, None, "local")
    monkeypatch.setattr(playlists, "MAX_PLAYLISTS", 1)
    with pytest.raises(InvalidRequest, match="delete one first"):
        library.playlists.create("local", "another", [], "local")
    assert library.playlists.all("local") == [playlist]
