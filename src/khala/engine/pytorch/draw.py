"""Hidden states -> the next token of each take: legal tokens, guidance, a bias towards the end, noise."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.models.lm.backbone import Backbone
from khala.models.lm.guide import FrameGuide
from khala.models.lm.length import eos_bias
from khala.models.lm.slot import Slot
from khala.nn.rowwise import Rowwise
from khala.nn.sampling import generator, guide_logits, sample_rows, to_device_async


class TokenSampler:
    """Draws from the tokens that may come next: at the start of a frame a code of q0 or, after the first frame, the
    end; then a code of q1. With `legal` False the whole vocabulary is open, as in the published engine.

    A take that `guide` calls unfinished does not end, nor does one among frames that are known (`Slot.known`).
    """

    def __init__(self, model: Backbone, slots: Sequence[Slot], guide: FrameGuide | None, legal: bool) -> None:
        layout, weight = model.config.layout, model.head.weight
        rows = [[*layout.level_rows(0), layout.eos], list(layout.level_rows(1))]
        rows = rows if legal else [list(range(layout.backbone_vocab))] * 2
        self._ids = [torch.tensor(ids, device=model.device) for ids in rows]
        self._heads = [Rowwise((weight[ids] if legal else weight).float()) for ids in self._ids]
        self._guide_head = (
            Rowwise(weight[torch.tensor(guide.head_rows, device=model.device)].float()) if guide else None
        )
        self._slots, self._guide, self._legal, self._eos = slots, guide, legal, layout.eos
        self._known_frames = [0 if slot.known is None else slot.known.shape[1] for slot in slots]
        self._generators = [generator(slot.seed, 0) for slot in slots]

    def guide_logits(self, hidden_B1D: Tensor) -> NDArray[np.float32]:
        """Hidden states -> the logits that the guide wants, [B, P]."""
        assert self._guide_head is not None
        logits: NDArray[np.float32] = self._guide_head(hidden_B1D.float())[:, 0].cpu().numpy()
        return logits

    def draw(self, hidden_B1D: Tensor, takes: Sequence[int], step: int) -> Tensor:
        """Hidden states of `takes`, then of their unconditional sequences -> the token ids of a step, [takes]."""
        samplings, targets = zip(*((self._slots[i].sampling, self._slots[i].target_frames) for i in takes), strict=True)
        logits_BC, ids_C = self._heads[step % 2](hidden_B1D.float())[:, 0], self._ids[step % 2]
        if step == 0 and self._legal:  # a song has at least one frame
            logits_BC, ids_C = logits_BC[:, :-1], ids_C[:-1]
        logits_BC = guide_logits(logits_BC, [sampling.guidance for sampling in samplings])
        going = [step // 2 < self._known_frames[take] for take in takes]
        if step % 2 == 0 and (self._guide or any(targets) or any(going)):
            bias = [eos_bias(step // 2, one) for one in targets]
            if self._guide:
                going = [a or bool(b) for a, b in zip(going, self._guide.unfinished(takes, step // 2), strict=True)]
            bias = [-math.inf if goes_on else nats for goes_on, nats in zip(going, bias, strict=True)]
            bias_B = to_device_async(torch.tensor(bias), logits_BC.device)
            logits_BC = torch.where(ids_C == self._eos, logits_BC + bias_B[:, None], logits_BC)  # it may be infinite
        uniform_BC = torch.stack([torch.rand(len(ids_C), generator=self._generators[take]) for take in takes])
        uniform_BC = to_device_async(uniform_BC, logits_BC.device)
        return ids_C[sample_rows(logits_BC, [(one.temperature, one.top_k) for one in samplings], uniform_BC)]
