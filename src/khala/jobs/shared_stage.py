"""A stage that computes several takes at once, while each take fetches its own output."""

from collections.abc import Callable, Sequence

from khala.jobs.claims import ClaimLost
from khala.jobs.records import Claim
from khala.jobs.stages import StageOutput

Compute = Callable[[list[Claim]], dict[str, StageOutput]]
"""Computes a stage for several claims; returns outputs by take id."""


class SharedStage:
    """The takes that still need a stage, and the outputs that no take has fetched yet. Used by one thread at a time."""

    def __init__(self, waiting: Sequence[Claim]) -> None:
        self.waiting = list(waiting)
        self._outputs: dict[str, StageOutput | Exception] = {}

    def output(self, claim: Claim, ready: Callable[[Claim], bool], compute: Compute) -> StageOutput:
        """Return the output for `claim`, computed together with all waiting takes that are `ready`.

        Raises the take's own error, or ClaimLost if it has no output.
        """
        if claim.take_id not in self._outputs:
            together = [one for one in self.waiting if one == claim or ready(one)]
            self.waiting = [one for one in self.waiting if one not in together]
            if claim not in together:  # it is computed once more: the store failed, or the others' batch did
                together.append(claim)
            self._outputs |= _compute_together(together, compute)
        if claim.take_id not in self._outputs:
            raise ClaimLost(claim.take_id)
        output = self._outputs.pop(claim.take_id)
        if isinstance(output, Exception):
            raise output
        return output


def _compute_together(claims: list[Claim], compute: Compute) -> dict[str, StageOutput | Exception]:
    """Compute all claims in one batch; if that fails, one by one, so that each error stays with its own take."""
    try:
        return {**compute(claims)}
    except Exception as error:
        if len(claims) == 1:
            return {claims[0].take_id: error}
    alone: dict[str, StageOutput | Exception] = {}
    for claim in claims:
        alone |= _compute_together([claim], compute)
    return alone
