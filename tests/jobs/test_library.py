"""Submitting, listing, changing and removing songs: what is promised to people, on both databases."""

from dataclasses import replace
from threading import Thread

import pytest
from service import ask, finish

from khala.jobs.claims import Claims
from khala.jobs.library import Library
from khala.jobs.records import Limits, SongRecord
from khala.music.errors import Conflict, InvalidRequest, NotFound, TooMany
from khala.music.request import SongRequest
from khala.music.seeds import take_seed


def test_a_song_is_stored_with_takes_of_their_own_seeds(library: Library) -> None:
    song = library.submit("local", ask(seed=7, takes=2), "tiny")
    assert library.song("local", song.id) == song
    assert song.state == "queued" and song.request == ask(seed=7, takes=2)
    assert [(take.number, take.seed) for take in song.takes] == [(1, take_seed(7, 1)), (2, take_seed(7, 2))]
    assert [take.position for take in song.takes] == [1, 2]
    assert [event.kind for event in library.events(0)] == ["queued", "queued"]
    assert library.submit("local", ask(), "tiny").request.seed is not None


def test_the_largest_seed_survives(library: Library) -> None:
    song = library.submit("local", ask(seed=2**63 - 1))
    assert library.song(None, song.id).takes[0].seed == 2**63 - 1


def test_an_idempotency_key_makes_one_song(library: Library) -> None:
    first = library.submit("local", ask(), idempotency_key="a")
    again = library.submit("local", ask(), idempotency_key="a")
    assert again.id == first.id and len(library.songs("local").songs) == 1
    with pytest.raises(Conflict, match="another request"):
        library.submit("local", ask(seed=3), idempotency_key="a")
    other = library.owners.create("other")
    assert library.submit(other.id, ask(), idempotency_key="a").id != first.id
    with pytest.raises(InvalidRequest):
        library.submit("local", ask(), idempotency_key="")


def test_of_many_submissions_with_one_key_at_the_same_time_one_makes_a_song(library: Library) -> None:
    made: list[SongRecord] = []
    threads = [
        Thread(target=lambda: made.append(library.submit("local", ask(), idempotency_key="k"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6 and len({song.id for song in made}) == 1


def test_quotas_and_the_queue_have_an_end(library: Library) -> None:
    library.submit("local", ask(takes=6))
    with pytest.raises(TooMany, match="your limit of 6 waiting takes") as refusal:
        library.submit("local", ask())
    assert refusal.value.retry_after >= 1
    other = library.owners.create("other")
    library.submit(other.id, ask(takes=4))
    with pytest.raises(TooMany, match="queue is full"):
        library.submit(other.id, ask())
    with pytest.raises(NotFound):
        library.submit("nobody", ask())


def test_pages_follow_each_other_and_search_finds_words(library: Library) -> None:
    made = [library.submit("local", ask(title=f"Song {i}")) for i in range(5)]
    first = library.songs("local", limit=2)
    second = library.songs("local", cursor=first.next, limit=2)
    third = library.songs("local", cursor=second.next, limit=2)
    shown = [song.id for page in (first, second, third) for song in page.songs]
    assert shown == [song.id for song in reversed(made)] and third.next is None
    assert [song.title for song in library.songs("local", q="SONG 3").songs] == ["Song 3"]
    assert library.songs("local", q="100% nothing_").songs == ()
    with pytest.raises(InvalidRequest):
        library.songs("local", limit=0)


def test_what_belongs_to_somebody_else_does_not_exist(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    finish(claims, library, claims.claim(1)[0])
    other = library.owners.create("other").id
    take = song.takes[0].id
    for act in (
        lambda: library.song(other, song.id),
        lambda: library.take(other, take),
        lambda: library.artifact(other, take, "backbone"),
        lambda: library.update(other, song.id, title="mine"),
        lambda: library.cancel(other, song.id),
        lambda: library.retry(other, song.id),
        lambda: library.delete(other, song.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert library.songs(other).songs == () and library.events(0, other) == []
    assert library.artifact(None, take, "audio.flac").take_id == take


def test_a_song_is_renamed_liked_and_found_by_its_new_name(library: Library) -> None:
    song = library.submit("local", ask(title="old"))
    changed = library.update("local", song.id, title=" New name ", liked=True)
    assert changed == replace(song, title="New name", liked=True)
    assert library.songs("local", q="new").songs and not library.songs("local", q="old").songs
    assert library.update("local", song.id) == changed
    for title in ("x" * 201, "two\nlines"):
        with pytest.raises(InvalidRequest):
            library.update("local", song.id, title=title)


def test_cancelled_takes_stop_and_can_be_tried_again(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask(takes=2))
    claim = claims.claim(1)[0]
    assert library.cancel("local", song.id).state == "cancelled"
    assert claims.heartbeat({(claim.take_id, claim.attempt): None}, None) == {claim.take_id}  # type: ignore[dict-item]
    assert claims.claim(2) == []
    assert library.retry("local", song.id).state == "queued"
    assert len(claims.claim(2)) == 2
    with pytest.raises(Conflict):
        library.retry("local", song.id)


def test_a_deleted_song_leaves_nothing_but_the_news(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    finish(claims, library, claims.claim(1)[0])
    artifact = library.artifact("local", song.takes[0].id, "audio.flac")
    assert library.store.get(artifact)
    library.delete("local", song.id)
    with pytest.raises(NotFound):
        library.song("local", song.id)
    with pytest.raises(NotFound):
        library.store.get(artifact)
    assert [event.kind for event in library.events(0)] == ["deleted"]


def test_events_have_growing_ids_and_are_filtered(library: Library, claims: Claims) -> None:
    one, two = library.submit("local", ask()), library.submit("local", ask())
    finish(claims, library, claims.claim(1)[0])
    events = library.events(0)
    assert [event.id for event in events] == sorted({event.id for event in events})
    assert library.last_event() == events[-1].id
    assert {event.song_id for event in library.events(0, song_id=two.id)} == {two.id}
    assert [event.kind for event in library.events(0, song_id=one.id)] == ["queued", "started", "stage", "done"]
    assert library.events(events[-1].id) == []
    assert library.events(0, limit=1) == events[:1]


def test_no_event_is_seen_late(library: Library) -> None:
    """Readers go by ids alone: an id below one that was seen must not appear afterwards."""
    owner = library.owners.create("many", limits=Limits(100, 100)).id
    library.limits = Limits(queued=100)
    threads = [Thread(target=lambda: [library.submit(owner, ask()) for _ in range(8)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while any(thread.is_alive() for thread in threads) or len(seen) < 32:
        seen += [event.id for event in library.events(seen[-1] if seen else 0)]
    assert seen == [event.id for event in library.events(0)] and len(seen) == 32


def test_a_further_format_is_kept_once(library: Library, claims: Claims) -> None:
    library.submit("local", ask())
    claim = claims.claim(1)[0]
    finish(claims, library, claim)
    first = library.keep(claim.take_id, "audio.mp3", "audio/mpeg", b"mp3")
    assert library.keep(claim.take_id, "audio.mp3", "audio/mpeg", b"mp3") == first
    assert library.store.get(library.artifact("local", claim.take_id, "audio.mp3")) == b"mp3"
    with pytest.raises(NotFound):
        library.keep("no-take", "audio.mp3", "audio/mpeg", b"mp3")


def test_a_request_of_every_kind_comes_back_equal(library: Library) -> None:
    request = SongRequest(prompt="waltz 100% '; DROP", lyrics="[verse]\nla\u00e9 \U0001f3b5", duration=33.3, seed=1)
    assert library.song("local", library.submit("local", request).id).request == request
