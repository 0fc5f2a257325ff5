"""Best of n: which of a take's candidates is kept, judged by levels 0 and 1 before more is spent on them.

The backbone itself is the judge: how much likelier did the words of the request make these codes (pointwise mutual
information, in nats a frame)? Songs that drifted from what was asked, or lost their lyrics, score low. A `Listener` may
have a say as well: then the ranks of both are added up.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Engine
from khala.generation.plan import TakePlan
from khala.models.lm.result import BackboneResult, Candidate
from khala.music.progress import Progress, silent
from khala.music.request import SongRequest
from khala.music.seeds import take_seed

Listener = Callable[[Samples, int, SongRequest], float]
"""Samples [2, n], their rate and the request -> how well the samples answer it; more is better."""


def keep_best(
    engine: Engine,
    plan: TakePlan,
    results: Sequence[BackboneResult],
    hear: Callable[[NDArray[np.int16]], float] | None,
    progress: Progress = silent,
) -> BackboneResult:
    """The best of a take's candidates 1, 2, ..., with what all of them were judged by.

    `hear` gives the listener's score of codes [2, T]; None where nobody listens."""
    candidates = [
        Candidate(
            take_seed(plan.seed, number),
            result.ended,
            information(engine, plan, result, progress),
            round(hear(result.codes), 4) if hear else None,
        )
        for number, result in enumerate(results, 1)
    ]
    kept = best(candidates)
    judged = tuple(replace(candidate, kept=i == kept) for i, candidate in enumerate(candidates))
    return replace(results[kept], candidates=judged)


def information(engine: Engine, plan: TakePlan, result: BackboneResult, progress: Progress = silent) -> float:
    """Pointwise mutual information of a take's prompt and codes [2, T], in nats a frame: how much likelier the codes
    are behind the prompt than behind `uncond_ids`."""
    condition_ids, uncond_condition_ids = plan.likelihood_conditions(result)
    without = engine.nats(plan.uncond_ids, result.codes, uncond_condition_ids, progress)
    behind = engine.nats(plan.backbone_ids, result.codes, condition_ids, progress)
    return float(round((without - behind) / result.codes.shape[1], 4))


def best(candidates: Sequence[Candidate]) -> int:
    """The index of the one to keep: of those that came to an end, if any, the first by rank."""
    ended = [i for i, candidate in enumerate(candidates) if candidate.ended] or list(range(len(candidates)))

    def rank(i: int) -> int:
        """Over how many it stands, by information and by ear."""
        over = sum(candidates[i].information > candidates[j].information for j in ended)
        return over + sum((candidates[i].heard or 0.0) > (candidates[j].heard or 0.0) for j in ended)

    return max(ended, key=lambda i: (rank(i), candidates[i].information, -i))
