"""Positions in the queue and waiting times, from measured speeds."""

import pytest
from service import ask, finish

from khala.jobs.claims import Claims
from khala.jobs.library import Library


def test_waits_are_estimated_from_measured_speeds(library: Library, claims: Claims) -> None:
    first = library.submit("local", ask(duration=10))
    assert first.takes[0].eta is None
    finish(claims, library, claims.claim(1)[0], seconds=2.0)  # each stage: 2 s for 10 s of song
    one = library.submit("local", ask(duration=10)).takes[0]
    two = library.submit("local", ask(duration=20)).takes[0]
    assert (one.position, one.eta) == (1, pytest.approx(8.0))
    assert (two.position, two.eta) == (2, pytest.approx(24.0))
    Claims(library.database, "there", "cpu").heartbeat({}, None)
    assert library.take("local", two.id).eta == pytest.approx(20.0)
    assert library.maintenance.status().queued == 2 and len(library.maintenance.status().workers) == 2


def test_places_in_the_queue_are_those_in_which_takes_are_claimed(library: Library, claims: Claims) -> None:
    other = library.owners.create("other").id
    takes = [library.submit(owner, ask()).takes[0] for owner in ["local"] * 4 + [other] * 2]
    places = [library.take(None, take.id).position for take in takes]
    assert sorted(place for place in places if place) == [1, 2, 3, 4, 5, 6] and places[4] in (1, 2)
    claimed = []
    while found := claims.claim(1):
        claimed.append(found[0].take_id)
        finish(claims, library, found[0])
    assert [claimed.index(take.id) + 1 for take in takes] == places


def test_recent_speeds_count_most(library: Library, claims: Claims) -> None:
    """Each stage took 2 s for 10 s of song, then 4 s: the average goes a fifth of the way to the newest speed."""

    def eta(seconds: float) -> float:
        library.submit("local", ask(duration=10))
        finish(claims, library, claims.claim(1)[0], seconds=seconds)
        song = library.submit("local", ask(duration=10))
        estimated = song.takes[0].eta
        library.cancel("local", song.id)
        assert estimated is not None
        return estimated

    assert [eta(seconds) for seconds in (2.0, 4.0, 4.0)] == pytest.approx([8.0, 9.6, 10.88])
    assert [eta(4.0) for _ in range(20)][-1] == pytest.approx(16.0, rel=0.01), "what was once does not count for ever"
