"""Stages that compute several takes at once: who is computed together, and whose error is whose."""

import pytest
from service import ask

from khala.jobs.claims import ClaimLost
from khala.jobs.records import Claim
from khala.jobs.shared_stage import SharedStage
from khala.jobs.stages import StageOutput
from khala.music.errors import InvalidRequest

CLAIMS = [Claim(f"take{n}", "song", "local", n, n, "tiny", ask(), 1, 0) for n in (1, 2, 3)]


class Computer:
    """Computes outputs that name their take, and notes who is computed together."""

    def __init__(self, broken: str = "", lost: str = "") -> None:
        self.broken, self.lost = broken, lost
        self.batches: list[list[int]] = []

    def __call__(self, claims: list[Claim]) -> dict[str, StageOutput]:
        self.batches.append([claim.number for claim in claims])
        if any(claim.take_id == self.broken for claim in claims):
            raise InvalidRequest(f"{self.broken} is broken")
        return {one.take_id: StageOutput({}, {}, float(one.number)) for one in claims if one.take_id != self.lost}


def always(claim: Claim) -> bool:
    return True


def test_takes_that_wait_are_computed_once_and_together() -> None:
    stage, computer = SharedStage(CLAIMS), Computer()
    assert [stage.output(claim, always, computer).audio_seconds for claim in CLAIMS] == [1.0, 2.0, 3.0]
    assert computer.batches == [[1, 2, 3]] and stage.waiting == []


def test_takes_that_are_not_ready_come_later() -> None:
    stage, computer = SharedStage(CLAIMS), Computer()
    stage.output(CLAIMS[0], lambda claim: claim.number < 3, computer)
    assert stage.waiting == CLAIMS[2:]
    stage.output(CLAIMS[2], always, computer)
    assert computer.batches == [[1, 2], [3]]


def test_an_error_stays_with_its_take_and_is_computed_again_when_asked() -> None:
    stage, computer = SharedStage(CLAIMS), Computer(broken="take2")
    assert stage.output(CLAIMS[0], always, computer).audio_seconds == 1.0
    with pytest.raises(InvalidRequest, match="take2 is broken"):
        stage.output(CLAIMS[1], always, computer)
    assert stage.output(CLAIMS[2], always, computer).audio_seconds == 3.0
    assert computer.batches == [[1, 2, 3], [1], [2], [3]]
    computer.broken = ""
    assert stage.output(CLAIMS[1], always, computer).audio_seconds == 2.0


def test_a_take_without_an_output_is_lost() -> None:
    stage = SharedStage(CLAIMS)
    with pytest.raises(ClaimLost):
        stage.output(CLAIMS[0], always, Computer(lost="take1"))
