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

CONTINUED_FRAMES = 172
"""Eight seconds."""
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


def keep_likeliest(
    engine: Engine, plan: TakePlan, results: Sequence[BackboneResult], progress: Progress = silent
) -> BackboneResult:
    """Of several candidates for a part of a song, the one behind which the song is likeliest to go on as it does, with
    what all were judged by: nats a frame of the `CONTINUED_FRAMES` behind each span, less is better."""
    assert plan.rework is not None
    ends = [end for _, end in plan.rework.spans]
    nats = [sum(_continuation(engine, plan, result, end, progress) for end in ends) for result in results]
    kept = min(range(len(results)), key=lambda i: (nats[i], i))
    judged = tuple(
        Candidate(take_seed(plan.seed, number), result.ended, round(-nats[number - 1], 4), kept=number == kept + 1)
        for number, result in enumerate(results, 1)
    )
    return replace(results[kept], candidates=judged)


def _continuation(engine: Engine, plan: TakePlan, result: BackboneResult, end: int, progress: Progress) -> float:
    """Nats a frame of a song's frames behind `end`."""
    stop = min(end + CONTINUED_FRAMES, int(result.codes.shape[1]))
    index = None if result.phone_index is None else result.phone_index[:stop]
    until = replace(result, codes=result.codes[:, :stop], phone_index=index)
    window = plan.windows_of(stop)[-1]
    condition_ids, _ = plan.likelihood_conditions(until, window)
    codes, since = until.codes[:, window.first :], end - window.first
    nats = engine.nats(window.prompt_ids, codes, condition_ids, progress, since)
    return nats / max(stop - end, 1)


def information(engine: Engine, plan: TakePlan, result: BackboneResult, progress: Progress = silent) -> float:
    """Pointwise mutual information of a take's prompt and codes [2, T], in nats a frame: how much likelier the codes
    are behind the prompt than behind `uncond_ids`."""
    frames, nats = result.codes.shape[1], 0.0
    for window in plan.windows_of(frames):
        codes, since = result.codes[:, window.first : window.stop], window.start - window.first
        condition_ids, uncond_condition_ids = plan.likelihood_conditions(result, window)
        nats += engine.nats(plan.uncond_ids, codes, uncond_condition_ids, progress, since)
        nats -= engine.nats(window.prompt_ids, codes, condition_ids, progress, since)
    return float(round(nats / frames, 4))


def best(candidates: Sequence[Candidate]) -> int:
    """The index of the one to keep: of those that came to an end, if any, the first by rank."""
    ended = [i for i, candidate in enumerate(candidates) if candidate.ended] or list(range(len(candidates)))

    def rank(i: int) -> int:
        """Over how many it stands, by information and by ear."""
        over = sum(candidates[i].information > candidates[j].information for j in ended)
        return over + sum((candidates[i].heard or 0.0) > (candidates[j].heard or 0.0) for j in ended)

    return max(ended, key=lambda i: (rank(i), candidates[i].information, -i))
