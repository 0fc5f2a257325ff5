"""Upkeep of the service: files of songs that are gone, and the room that a song needs."""

from pathlib import Path

import pytest
from service import ask, finish

from khala.jobs.claims import Claims
from khala.jobs.library import Library
from khala.jobs.records import HEARD, WINDOW, WORDS
from khala.music.errors import StoreError


def test_files_of_songs_that_no_longer_exist_are_swept(library: Library) -> None:
    song = library.submit("local", ask())
    old = "000000000000" + song.id[12:]
    for song_id in (song.id, old):
        library.store.put(song_id, "take", "codes", "application/x-safetensors", b"codes")
    assert library.maintenance.sweep() == [old]
    assert library.store.song_ids() == [song.id]


def test_what_could_be_heard_while_a_take_was_made_is_dropped_in_the_end(
    library: Library, claims: Claims, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [library.submit("local", ask()) for _ in range(3)]
    for claim in claims.claim(3):
        kinds = (f"{HEARD}0", f"{HEARD}1", f"{WINDOW}0", f"{WORDS}0")
        put = [library.store.put(claim.song_id, claim.take_id, kind, "application/json", b"x") for kind in kinds]
        claims.finish_stage(claim, put, {}, 2.0)
        if claim.song_id == songs[0].id:
            finish(claims, library, claim)
    library.cancel("local", songs[2].id)
    assert library.maintenance.drop_parts() == 0, "somebody may still listen"
    monkeypatch.setattr("khala.jobs.maintenance.LIVE_SECONDS", -1.0)
    assert library.maintenance.drop_parts() == 8
    kinds = [sorted(its.kind for its in library.song(None, song.id).takes[0].artifacts) for song in songs]
    assert kinds == [["audio.flac", "backbone"], [f"{HEARD}0", f"{HEARD}1", f"{WINDOW}0", f"{WORDS}0"], []]
    assert len(list((tmp_path / "artifacts").rglob("*.json"))) == 4
    assert library.maintenance.drop_parts() == 0


def test_a_service_that_cannot_store_a_song_fails_the_check(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.maintenance.check()
    assert library.events(0) == [], "the check leaves no event"

    def refuse(*_: object) -> None:
        raise StoreError("no room", "storage-full")

    monkeypatch.setattr(library.store, "check", refuse)
    with pytest.raises(StoreError, match="no room"):
        library.maintenance.check()
