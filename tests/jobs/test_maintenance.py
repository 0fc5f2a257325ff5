"""Upkeep of the service: files of songs that are gone, and the room that a song needs."""

import pytest
from service import ask

from khala.jobs.library import Library
from khala.music.errors import StoreError


def test_files_of_songs_that_no_longer_exist_are_swept(library: Library) -> None:
    song = library.submit("local", ask())
    old = "000000000000" + song.id[12:]
    for song_id in (song.id, old):
        library.store.put(song_id, "take", "codes", "application/x-safetensors", b"codes")
    assert library.maintenance.sweep() == [old]
    assert library.store.song_ids() == [song.id]


def test_a_service_that_cannot_store_a_song_fails_the_check(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.maintenance.check()
    assert library.events(0) == [], "the check leaves no event"

    def refuse(*_: object) -> None:
        raise StoreError("no room", "storage-full")

    monkeypatch.setattr(library.store, "check", refuse)
    with pytest.raises(StoreError, match="no room"):
        library.maintenance.check()
