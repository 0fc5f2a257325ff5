"""Best of n: which of a take's candidates is kept, judged by levels 0 and 1 before more is spent on them.

The backbone itself is the judge: how much likelier did the words of the request make these codes (pointwise mutual
information, in nats a frame)? Songs that drifted from what was asked, or lost their lyrics, score low. Whoever can
listen may have a say as well (`Listener`): then the ranks of both are added up.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.conditioning.outline import prompt_rows
from khala.generation.progress import Progress, attended, silent
from khala.models.lm.backbone import Backbone, condition_stream, interleave
from khala.music.request import SongRequest
from khala.nn.threads import one_thread

Listener = Callable[[Samples, int, SongRequest], float]
"""Samples [2, n], their rate and what was asked for -> how well one answers the other; more is better."""


@dataclass(frozen=True)
class Candidate:
    """What a candidate was judged by: its seed, whether it came to its end, nats a frame, the listener's word; and
    whether it was kept."""

    seed: int
    ended: bool
    information: float
    heard: float | None = None
    kept: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@one_thread()
def information(
    model: Backbone,
    prompt_ids: Sequence[int],
    unsaid_ids: Sequence[int],
    codes_2T: NDArray[np.int16],
    progress: Progress = silent,
    lines: Sequence[int | None] = (),
    cues: Sequence[Sequence[int]] = (),
    uncond_conditions: Sequence[Sequence[int]] = (),
) -> float:
    """Pointwise mutual information of a prompt and codes [2, T], in nats a frame: how much likelier the codes are
    behind the prompt than behind `unsaid_ids` (`music.prompt.unsaid_prompt`). `lines`, `cues` and
    `uncond_conditions` are those of `decode.Slot`."""
    frames = codes_2T.shape[1]
    with attended(model, progress, "backbone", frames) as tell:
        tell(frames)
        without = _nats(model, unsaid_ids, codes_2T, (), uncond_conditions)
        behind = _nats(model, prompt_ids, codes_2T, lines, cues)
    return float(round((without - behind) / frames, 4))


def best(candidates: Sequence[Candidate]) -> int:
    """The number of the one to keep: of those that came to an end, if any, the first by rank."""
    ended = [i for i, candidate in enumerate(candidates) if candidate.ended] or list(range(len(candidates)))

    def rank(i: int) -> int:
        """Over how many it stands, by information and by ear."""
        over = sum(candidates[i].information > candidates[j].information for j in ended)
        return over + sum((candidates[i].heard or 0.0) > (candidates[j].heard or 0.0) for j in ended)

    return max(ended, key=lambda i: (rank(i), candidates[i].information, -i))


@torch.inference_mode()
def _nats(
    model: Backbone,
    prompt_ids: Sequence[int],
    codes_2T: NDArray[np.int16],
    lines: Sequence[int | None],
    cues: Sequence[Sequence[int]],
) -> float:
    layout = model.config.layout
    codes_12T = torch.from_numpy(codes_2T.astype(np.int64))[None].to(model.device)
    prompt_1N = torch.tensor([list(prompt_ids)], device=model.device)
    ids_1T = torch.cat([prompt_1N, interleave(codes_12T, layout)], dim=1)
    x_1TD = model.embed_tokens(ids_1T[:, :-1])
    if model.conditions is not None:
        stream = condition_stream(prompt_rows(lines or [None] * len(prompt_ids)), cues).to(model.device)
        x_1TD = x_1TD + model.embed_conditions(stream[: x_1TD.shape[1]])
    hidden_TD = model(x_1TD, causal=True)[0, prompt_1N.shape[1] - 1 :]
    total = 0.0
    for level in range(2):
        rows = layout.level_rows(level)
        logits_TC = model.logits(hidden_TD[level::2], slice(rows.start, rows.stop))
        total += F.cross_entropy(logits_TC, codes_12T[0, level], reduction="sum").item()
    return total
