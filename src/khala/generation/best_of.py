"""Best of n: which of a take's candidates is kept, judged by levels 0 and 1 before more is spent on them.

The backbone itself is the judge: how much likelier did the words of the request make these codes (pointwise mutual
information, in nats a frame)? Songs that drifted from what was asked, or lost their lyrics, score low. A `Listener` may
have a say as well: then the ranks of both are added up.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.generation.plan import TakePlan
from khala.generation.progress import reporting
from khala.models.lm.backbone import Backbone, interleave
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.result import BackboneResult, Candidate
from khala.music.progress import Progress, silent
from khala.music.request import SongRequest
from khala.music.seeds import take_seed
from khala.nn.threads import one_thread

Listener = Callable[[Samples, int, SongRequest], float]
"""Samples [2, n], their rate and the request -> how well the samples answer it; more is better."""


def keep_best(
    model: Backbone,
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
            information(model, plan, result, progress),
            round(hear(result.codes), 4) if hear else None,
        )
        for number, result in enumerate(results, 1)
    ]
    kept = best(candidates)
    judged = tuple(replace(candidate, kept=i == kept) for i, candidate in enumerate(candidates))
    return replace(results[kept], candidates=judged)


@one_thread()
def information(model: Backbone, plan: TakePlan, result: BackboneResult, progress: Progress = silent) -> float:
    """Pointwise mutual information of a take's prompt and codes [2, T], in nats a frame: how much likelier the codes
    are behind the prompt than behind `uncond_ids`."""
    frames = result.codes.shape[1]
    condition_ids, uncond_condition_ids = plan.likelihood_conditions(result)
    with reporting(model, progress, "backbone", frames) as report:
        report(frames)
        without = nats(model, plan.uncond_ids, result.codes, uncond_condition_ids)
        behind = nats(model, plan.backbone_ids, result.codes, condition_ids)
    return float(round((without - behind) / frames, 4))


def best(candidates: Sequence[Candidate]) -> int:
    """The index of the one to keep: of those that came to an end, if any, the first by rank."""
    ended = [i for i, candidate in enumerate(candidates) if candidate.ended] or list(range(len(candidates)))

    def rank(i: int) -> int:
        """Over how many it stands, by information and by ear."""
        over = sum(candidates[i].information > candidates[j].information for j in ended)
        return over + sum((candidates[i].heard or 0.0) > (candidates[j].heard or 0.0) for j in ended)

    return max(ended, key=lambda i: (rank(i), candidates[i].information, -i))


@torch.inference_mode()
def nats(
    model: Backbone, prompt_ids: Sequence[int], codes_2T: NDArray[np.int16], condition_ids: ConditionIds | None = None
) -> float:
    """Negative log likelihood of codes behind a prompt; `condition_ids` as in `decode.Slot`."""
    layout = model.config.layout
    codes_12T = torch.from_numpy(codes_2T.astype(np.int64))[None].to(model.device)
    prompt_1N = torch.tensor([list(prompt_ids)], device=model.device)
    ids_1T = torch.cat([prompt_1N, interleave(codes_12T, layout)], dim=1)
    x_1TD = model.embed_tokens(ids_1T[:, :-1])
    if condition_ids is not None:
        x_1TD = x_1TD + model.embed_conditions(torch.from_numpy(condition_ids[: x_1TD.shape[1]]).to(model.device))
    hidden_TD = model(x_1TD, causal=True)[0, prompt_1N.shape[1] - 1 :]
    total = 0.0
    for level in range(2):
        rows = layout.level_rows(level)
        logits_TC = model.logits(hidden_TD[level::2], slice(rows.start, rows.stop))
        total += F.cross_entropy(logits_TC, codes_12T[0, level], reduction="sum").item()
    return total
