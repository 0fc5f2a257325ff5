"""Align a song in the making with its phones: which one is sung in the next frame, by the backbone's own logits.

Before each frame the backbone is asked for a code in the rows of its head that stand for phones. The song may only stay
at its phone or move on to the next one, whichever phone the logits would leave for, so that no word is left out, mixed
up or sung twice; how long each phone lasts is the model's to say: until it has likelier ended than not.

Drawing whether a phone ends in each frame would be right if the model were. But every draw is a chance to end too
early, and words whose vowels last one frame are not understood.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from khala.conditioning.phone_sequence import MAX_HELD_FRAMES, PHONE_CONDITIONS, PHONE_IDS, REST, PhoneSequence
from khala.models.lm.config import PAD_ID
from khala.models.lm.transformer import Transformer
from khala.nn.rowwise import Rowwise
from khala.nn.sampling import to_device_async

STEPS = 3
"""A frame stays at a phone, moves to the next one, or beyond it where that is a rest."""


class PhoneAligner:
    """The phone index of several takes, frame by frame (`generation.guide.FrameGuide`).

    `sequences` holds each take's phones, None where they are not known; `bounds` the lowest and highest index in every
    frame (`PhoneSequence.alignment_bounds`). All state is on the model's device, and nothing waits for it.
    """

    def __init__(
        self,
        model: Transformer,
        sequences: Sequence[PhoneSequence | None],
        bounds: Sequence[tuple[Sequence[int], Sequence[int]]],
    ) -> None:
        device = model.device
        self._known = [sequence is not None for sequence in sequences]
        longest = max(len(sequence.phones) for sequence in sequences if sequence)
        frames = max(len(low) for low, _ in bounds)
        phones_BS = torch.full((len(sequences), longest), REST)
        rows_BSHC = torch.full((len(sequences), longest, MAX_HELD_FRAMES, PHONE_CONDITIONS), PAD_ID)
        bounds_2BT = torch.zeros(2, len(sequences), frames, dtype=torch.long)
        last_B = torch.zeros(len(sequences), dtype=torch.long)
        for take, (sequence, its) in enumerate(zip(sequences, bounds, strict=True)):
            if sequence is None:
                continue
            length = len(sequence.phones)
            held = [index for index in range(length) for _ in range(MAX_HELD_FRAMES)]
            phones_BS[take, :length] = torch.tensor(sequence.phones)
            rows_BSHC[take, :length] = torch.tensor(sequence.condition_ids(held)).view(length, MAX_HELD_FRAMES, -1)
            bounds_2BT[:, take, : len(its[0])] = torch.tensor(its)
            last_B[take] = its[0][-1]
        self._phones_BS, self._rows_BSHC = phones_BS.to(device), rows_BSHC.to(device)
        self._bounds_2BT, self._last_B = bounds_2BT.to(device), last_B.to(device)
        self._index_BT = torch.zeros(len(sequences), frames, dtype=torch.long, device=device)
        self._held_B = torch.zeros(len(sequences), dtype=torch.long, device=device)
        self._log_stay_B = torch.zeros(len(sequences), device=device)
        self._head = Rowwise(model.head.weight[torch.tensor(PHONE_IDS, device=device)].float())
        self._steps_K = torch.arange(STEPS, device=device)

    def condition_ids(self, takes: Sequence[int], frame: int) -> Tensor:
        """The phone conditions of `frame`, the last one that was advanced to, [takes, `PHONE_CONDITIONS`]."""
        rows_B = to_device_async(torch.tensor(takes), self._index_BT.device)
        held_B = self._held_B[rows_B].clamp(max=MAX_HELD_FRAMES - 1)
        return self._rows_BSHC[rows_B, self._index_BT[rows_B, frame], held_B]

    def advance(self, takes: Sequence[int], frame: int, hidden_B1D: Tensor) -> None:
        """Decide the phones of `frame` from the hidden states [B, 1, D] that come just before it is written."""
        rows_B = to_device_async(torch.tensor(takes), self._index_BT.device)
        low_B, high_B = self._bounds_2BT[:, rows_B, frame]
        at_B1 = torch.maximum(self._index_BT[rows_B, frame - 1], low_B - 1)[:, None]
        ahead_BK = (at_B1 + self._steps_K).clamp(max=self._phones_BS.shape[1] - 1)
        phones_BK = self._phones_BS[rows_B[:, None], ahead_BK]
        legal_BK = (ahead_BK == at_B1 + self._steps_K) & (ahead_BK >= low_B[:, None]) & (ahead_BK <= high_B[:, None])
        legal_BK &= (self._steps_K < 2) | (F.pad(phones_BK[:, :-1], (1, 0)) == REST)
        logits_BK = self._head(hidden_B1D.float())[:, 0].gather(1, phones_BK).masked_fill(~legal_BK, -torch.inf)
        log_stay_B = self._log_stay_B[rows_B] + F.logsigmoid(logits_BK[:, 0] - logits_BK[:, 1:].logsumexp(1))
        steps_B = torch.where(log_stay_B < -math.log(2), 1 + logits_BK[:, 1:].argmax(1), 0)
        self._log_stay_B[rows_B] = torch.where(steps_B > 0, 0.0, log_stay_B)
        self._held_B[rows_B] = torch.where(steps_B > 0, 0, self._held_B[rows_B] + 1)
        self._index_BT[rows_B, frame] = ahead_BK.gather(1, steps_B[:, None])[:, 0]

    def unfinished(self, takes: Sequence[int], frame: int) -> Tensor:
        """Whether phones are left in `frame` that the take must still sing: no song ends there, bool [takes]."""
        rows_B = to_device_async(torch.tensor(takes), self._index_BT.device)
        return self._index_BT[rows_B, frame] < self._last_B[rows_B]

    def phone_index(self, take: int, frames: int) -> NDArray[np.int16] | None:
        """Where a take was in its phones in each of so many frames, int16 [T]; None where they are not known."""
        if not self._known[take]:
            return None
        return self._index_BT[take, :frames].cpu().numpy().astype(np.int16)
