"""How likely codes are, by the backbone."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from khala.engine.pytorch.reporting import reporting
from khala.models.lm.backbone import Backbone, interleave
from khala.models.lm.conditions import ConditionIds
from khala.music.progress import Progress, silent
from khala.nn.threads import one_thread


@torch.inference_mode()
@one_thread()
def nats(
    model: Backbone,
    prompt_ids: Sequence[int],
    codes_2T: NDArray[np.int16],
    condition_ids: ConditionIds | None = None,
    progress: Progress = silent,
    since: int = 0,
) -> float:
    """Return the negative log likelihood of codes from frame `since` on behind a prompt and those before;
    `condition_ids` as in `Slot`."""
    layout, frames = model.config.layout, codes_2T.shape[1]
    codes_12T = torch.from_numpy(codes_2T.astype(np.int64))[None].to(model.device)
    prompt_1N = torch.tensor([list(prompt_ids)], device=model.device)
    ids_1T = torch.cat([prompt_1N, interleave(codes_12T, layout)], dim=1)
    x_1TD = model.embed_tokens(ids_1T[:, :-1])
    if condition_ids is not None:
        x_1TD = x_1TD + model.embed_conditions(torch.from_numpy(condition_ids[: x_1TD.shape[1]]).to(model.device))
    with reporting(model, progress, "backbone", frames) as report:
        report(frames)
        hidden_TD = model(x_1TD, causal=True)[0, prompt_1N.shape[1] + 2 * since - 1 :]
    total = 0.0
    for level in range(2):
        rows = layout.level_rows(level)
        logits_TC = model.logits(hidden_TD[level::2], slice(rows.start, rows.stop))
        total += F.cross_entropy(logits_TC, codes_12T[0, level, since:], reduction="sum").item()
    return total
