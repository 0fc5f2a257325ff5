"""How likely codes are, by the backbone without torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from khala.engine.onnx.backbone import BackboneSession, Continuations
from khala.models.lm.conditions import ConditionIds
from khala.music.progress import Progress, paced, silent


def nats(
    model: BackboneSession,
    prompt_ids: Sequence[int],
    codes_2T: NDArray[np.int16],
    condition_ids: ConditionIds | None = None,
    progress: Progress = silent,
    since: int = 0,
) -> float:
    """Return the negative log likelihood of codes from frame `since` on behind a prompt and those before;
    `condition_ids` as in `Slot`.

    Steps through the codes as if they were drawn: a pass over all of them would need memory that is quadratic in the
    song's length.
    """
    frames, total, report = codes_2T.shape[1], 0.0, paced(progress)
    starts = [model.config.layout.level_rows(level).start for level in (0, 1)]
    tokens_N = (codes_2T.astype(np.int64).T + starts).ravel()
    x_ND = model.rows_VD[np.concatenate([np.array(prompt_ids, np.int64), tokens_N[:-1]])]
    if condition_ids is not None and model.conditions is not None:
        x_ND = x_ND + model.conditions.embed(condition_ids[: len(x_ND)])
    first = len(prompt_ids) + 2 * since
    sequence = Continuations(model, [model.read(x_ND[:first])])
    for step, code in enumerate(codes_2T[:, since:].T.ravel().tolist()):
        if step:
            sequence.step(x_ND[first + step - 1][None])
        logits_C = sequence.logits_BV[0, model.rows.codes(step)].astype(np.float64)
        total += float(np.logaddexp.reduce(logits_C) - logits_C[code])
        report("backbone", frames, frames)
    return total
