"""Takes that are made together: progress, retries while a store fails, and takes that are lost."""

import time

import pytest
from service import ask

from khala.jobs.batch import Batch
from khala.jobs.claims import ClaimLost, StageProgress
from khala.jobs.records import Claim
from khala.music.errors import StoreError

CLAIMS = [Claim(f"take{n}", "song", "local", n, n, "tiny", ask(), 1, 0) for n in (1, 2)]


def test_progress_goes_to_all_takes_until_all_are_lost() -> None:
    batch = Batch(CLAIMS)
    report = batch.report(CLAIMS)
    batch.lost.add("take1")
    report("superres", 1, 2)
    assert set(batch.progress.values()) == {StageProgress("superres", 0.5)} and batch.busy
    batch.lost.add("take2")
    with pytest.raises(ClaimLost):
        report("superres", 2, 2)
    assert not batch.busy


def test_a_failing_store_is_tried_again_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    batch, notes = Batch(CLAIMS), list[str | None]()

    def act() -> str:
        notes.append(batch.progress["take1"].note_kind)
        if len(notes) < 3:
            raise StoreError("no room", "storage-full")
        return "done"

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert batch.with_retry(CLAIMS[0], act) == "done"
    assert notes == [None, "storage-full", "storage-full"]
    assert batch.progress["take1"].note is None, "it waits no longer"


def test_a_lost_take_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch(CLAIMS)

    def act() -> None:
        batch.lost.add("take1")
        raise StoreError("no room")

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(ClaimLost):
        batch.with_retry(CLAIMS[0], act)
