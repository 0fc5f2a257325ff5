"""Who gets which take: turns between owners, quotas, batches, workers that are lost."""

import time

import pytest
from service import ask, finish
from sqlalchemy import update

from khala.jobs.claims import ClaimLost, Claims, StageProgress
from khala.jobs.library import Library
from khala.jobs.records import HEARD, WINDOW, Claim, Limits
from khala.jobs.tables import workers


def lose(library: Library, claims: Claims, seconds: float = 16) -> None:
    """Let a worker have been silent for long: 15 s are too long."""
    with library.database.write() as connection:
        change = update(workers).where(workers.c.id == claims.worker_id)
        connection.execute(change.values(heartbeat=time.time() - seconds))


def test_owners_take_turns_and_each_owners_takes_go_by_age(library: Library, claims: Claims) -> None:
    second = library.owners.create("second").id
    first_songs = [library.submit("local", ask(title=f"a{i}")) for i in range(3)]
    second_songs = [library.submit(second, ask(title=f"b{i}")) for i in range(2)]
    place = {song.id: song.title for song in (*first_songs, *second_songs)}
    expected = ["a0", "b0", "a1", "b1", "a2"]
    positions = {song.title: library.song(None, song.id).takes[0].position for song in (*first_songs, *second_songs)}
    assert sorted(positions, key=lambda title: positions[title] or 0) == expected
    got = [claims.claim(1)[0] for _ in expected]
    assert [place[claim.song_id] for claim in got] == expected
    assert claims.claim(1) == []


def test_a_newcomer_is_served_before_the_rest_of_a_long_queue(library: Library, claims: Claims) -> None:
    for _ in range(4):
        library.submit("local", ask())
    claims.claim(1)
    newcomer = library.owners.create("newcomer").id
    library.submit(newcomer, ask())
    owners = [claims.claim(1)[0].owner_id for _ in range(2)]
    assert newcomer in owners


def test_an_owner_has_no_more_running_than_allowed(library: Library, claims: Claims) -> None:
    second = library.owners.create("second", limits=Limits(5, 1)).id
    for owner in ("local", second):
        for _ in range(4):
            library.submit(owner, ask())
    got = claims.claim(10)
    assert sorted(claim.owner_id for claim in got) == sorted(["local"] * 3 + [second])
    assert claims.claim(10) == []
    finish(claims, library, next(claim for claim in got if claim.owner_id == second))
    assert [claim.owner_id for claim in claims.claim(10)] == [second]


def test_a_batch_is_of_one_model_and_leaves_work_for_idle_workers(library: Library, claims: Claims) -> None:
    for model in ("one", "two", "one", "one"):
        library.submit("local", ask(), model)
    other = Claims(library.database, "there", "cpu")
    other.heartbeat({}, None)
    assert [claim.model for claim in claims.claim(4)] == ["one", "one"], "two idle workers share four takes"
    assert [claim.model for claim in other.claim(4)] == ["two"]


def test_the_first_take_of_a_song_that_is_waited_for_is_made_alone(library: Library, claims: Claims) -> None:
    def numbers() -> list[int]:
        return [claim.number for claim in claims.claim(4, lambda model: model == "live")]

    library.submit("local", ask(takes=4), "live")
    assert numbers() == [1]
    assert numbers() == [2, 3], "the others are decoded together"
    for claim in claims.claim(4):
        claims.give_back([claim], "not now")
    assert numbers() == []


def test_takes_that_others_wait_behind_and_those_that_cannot_be_live_are_made_together(
    library: Library, claims: Claims
) -> None:
    library.submit("local", ask(takes=2), "other")
    assert len(claims.claim(4, lambda model: model == "live")) == 2
    second = library.owners.create("second", limits=Limits(9, 9)).id
    library.submit(second, ask(takes=2), "live")
    library.submit(second, ask(takes=2), "live")
    assert len(claims.claim(4, lambda model: model == "live")) == 4


def test_what_can_be_heard_is_told_until_the_take_has_ended(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    (claim,) = claims.claim(1)
    ids = (claim.song_id, claim.take_id)
    take = library.take(None, claim.take_id)
    assert not take.live
    for number in range(11):
        part = library.store.put(*ids, f"{HEARD}{number}", "audio/wav", bytes([number]))
        claims.finish_stage(claim, [part], {}, 2.0 * number)
    window = library.store.put(*ids, f"{WINDOW}0", "application/x-safetensors", b"codes")
    claims.finish_stage(claim, [window], {}, 9.0)
    take = library.take(None, claim.take_id)
    assert take.live and [part.kind for part in take.numbered(HEARD)] == [f"{HEARD}{number}" for number in range(11)]
    told = [event.data for event in library.events(0, song_id=song.id) if event.kind == "live"]
    assert told == [{"heard": 2.0 * number} for number in range(11)]
    claims.give_back([claim], "stopped")
    assert library.take(None, claim.take_id).live, "it goes on"
    (claim,) = claims.claim(1)
    finish(claims, library, claim)
    assert not library.take(None, claim.take_id).live
    assert "live" not in [event.kind for event in library.events(0, song_id=song.id)]


def test_no_take_is_given_twice(library: Library, claims: Claims) -> None:
    library.submit("local", ask(takes=3))
    other = Claims(library.database, "there", "cpu")
    got = [claim.take_id for claim in (*claims.claim(1), *other.claim(1), *claims.claim(5), *other.claim(5))]
    assert len(got) == len(set(got)) == 3


def test_takes_of_a_lost_worker_are_given_to_another_and_its_late_work_is_refused(
    library: Library, claims: Claims
) -> None:
    song = library.submit("local", ask())
    late = claims.claim(1)[0]
    lose(library, claims, seconds=13)
    assert library.maintenance.reap() == []
    lose(library, claims)
    assert library.maintenance.reap() == [late.take_id]
    assert library.maintenance.reap() == [] and library.maintenance.status().workers == ()
    other = Claims(library.database, "there", "cpu")
    taken = other.claim(1)[0]
    assert (taken.take_id, taken.losses) == (late.take_id, 1) and taken.attempt > late.attempt
    with pytest.raises(ClaimLost):
        finish(claims, library, late)
    with pytest.raises(ClaimLost):
        claims.fail(late, "late", "late")
    claims.give_back([late], "late")
    assert claims.heartbeat({(late.take_id, late.attempt): StageProgress("superres", 0.5)}, None) == {late.take_id}
    finish(other, library, taken)
    made = library.song(None, song.id).takes[0]
    assert made.state == "done" and sorted(a.kind for a in made.artifacts) == ["audio.flac", "backbone"]


def test_a_take_that_costs_worker_after_worker_is_given_up_alone(library: Library) -> None:
    song = library.submit("local", ask(takes=2))
    for losses in range(4):
        assert library.song(None, song.id).takes[0].state == "queued", f"after {losses} workers"
        victim = Claims(library.database, "here", "cpu")
        got = victim.claim(2)
        if len(got) == 2:
            victim.give_back(got[1:], "innocent")
        lose(library, victim)
        library.maintenance.reap()
    first, second = library.song(None, song.id).takes
    assert (first.state, first.error_kind) == ("failed", "worker-lost")
    assert str(first.error).startswith("4 workers in a row were lost")
    assert second.state == "queued" and second.attempt == 2


def test_a_finished_stage_clears_the_blame(library: Library, claims: Claims) -> None:
    library.submit("local", ask())
    claims.give_back(claims.claim(1), "stuck", loss=True)
    claim = claims.claim(1)[0]
    assert claim.losses == 1
    claims.finish_stage(claim, [], {"backbone": 0.1}, 5.0)
    claims.give_back([claim], "stopped")
    assert claims.claim(1)[0].losses == 0


def test_a_worker_that_ends_leaves_its_takes_in_the_queue(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    claims.claim(1)
    claims.retire()
    take = library.song(None, song.id).takes[0]
    assert (take.state, take.worker_id) == ("queued", None) and library.maintenance.status().workers == ()
    assert library.events(0)[-1].data == {"reason": "the worker ended"}


def test_progress_is_told_and_forgotten_when_the_take_ends(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    claim = claims.claim(1)[0]
    fresh = Claims(library.database, "here", "cpu")  # has sent none yet, so it writes at once
    fresh.heartbeat({(claim.take_id, claim.attempt): StageProgress("superres", 0.5)}, "tiny")
    take = library.song(None, song.id).takes[0]
    assert (take.stage, take.stage_progress, take.progress) == ("superres", 0.5, pytest.approx(0.725))
    assert library.events(0)[-1].data == {"stage": "superres", "done": 0.5}
    finish(claims, library, claim)
    assert "progress" not in {event.kind for event in library.events(0)}
    assert library.song(None, song.id).takes[0].progress == 1.0


def test_what_a_take_waits_for_is_told_once(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    claim = claims.claim(1)[0]
    progress = {(claim.take_id, claim.attempt): StageProgress("superres", 1.0, "no space", "storage-full")}
    for _ in range(2):
        Claims(library.database, "here", "cpu").heartbeat(progress, None)
    data = {"note": "no space", "note_kind": "storage-full"}
    assert [event.data for event in library.events(0) if event.kind == "waiting"] == [data]
    take = library.song(None, song.id).takes[0]
    assert (take.note, take.note_kind) == ("no space", "storage-full")
    claims.give_back([claim], "over")
    take = library.song(None, song.id).takes[0]
    assert (take.note, take.note_kind) == (None, None)


def test_a_failed_take_says_why_and_keeps_what_was_finished(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    claim: Claim = claims.claim(1)[0]
    stored = library.store.put(claim.song_id, claim.take_id, "backbone", "application/x-safetensors", b"codes")
    claims.finish_stage(claim, [stored], {"backbone": 1.0}, 5.0)
    claims.fail(claim, "samples are NaN or infinite", "internal")
    made = library.song(None, song.id)
    data = {"error": "samples are NaN or infinite", "error_kind": "internal"}
    assert made.state == "failed" and data.items() <= vars(made.takes[0]).items()
    assert [event.data for event in library.events(0) if event.kind == "failed"] == [data]
    (again,) = library.retry(None, song.id).takes
    assert (again.error, again.error_kind) == (None, None)
    assert claims.artifact(claims.claim(1)[0], "backbone") == stored
