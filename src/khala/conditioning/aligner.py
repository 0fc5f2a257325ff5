"""Lead a song in the making through its words: which phone is sung in its next frame, by what the model says of it.

The model is asked in the rows of its head that stand for phones, before it writes the frame, and may only stay where it
is in the words or go on: whatever phone it would leave for, it goes to the next one. So no word is left out, mixed up
or sung twice; how long each lasts is the model's own: until it has likelier ended by now than not.

To draw by lot in every frame whether it ends would be right if the model were; but every lot is an occasion to end too
early, and words with a vowel of one frame are not understood.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.conditioning.phone_sequence import MAX_HELD_FRAMES, PHONE_CONDITIONS, PHONE_IDS, REST, PhoneSequence
from khala.models.lm.config import PAD_ID
from khala.models.lm.transformer import Transformer
from khala.nn.rowwise import Rowwise
from khala.nn.sampling import to_device_async

STEPS = 3
"""A frame stays at a phone, goes to the next one, or beyond it where that is a rest."""


class PhoneAligner:
    """Where several takes are in their words. All of it is on the model's device: nothing is waited for.

    Each take has its words, or none that are known, and their bounds in every frame (`PhoneSequence.bounds`).
    """

    def __init__(
        self,
        model: Transformer,
        words: Sequence[PhoneSequence | None],
        bounds: Sequence[tuple[Sequence[int], Sequence[int]]],
    ) -> None:
        device = model.device
        longest = max(len(one.phones) for one in words if one)
        frames = max(len(low) for low, _ in bounds)
        self._phones_BS = torch.full((len(words), longest), REST)
        self._cues_BSHC = torch.full((len(words), longest, MAX_HELD_FRAMES, PHONE_CONDITIONS), PAD_ID)
        self._bounds_2BT = torch.zeros(2, len(words), frames, dtype=torch.long)
        self._last_B = torch.zeros(len(words), dtype=torch.long)
        for take, (one, its) in enumerate(zip(words, bounds, strict=True)):
            if one is None:
                continue
            self._phones_BS[take, : len(one.phones)] = torch.tensor(one.phones)
            places = [place for place in range(len(one.phones)) for _ in range(MAX_HELD_FRAMES)]
            self._cues_BSHC[take, : len(one.phones)] = torch.tensor(one.cues(places)).view(
                -1, MAX_HELD_FRAMES, PHONE_CONDITIONS
            )
            self._bounds_2BT[:, take, : len(its[0])] = torch.tensor(its)
            self._last_B[take] = its[0][-1]
        self._phones_BS, self._cues_BSHC, self._bounds_2BT, self._last_B = (
            table.to(device) for table in (self._phones_BS, self._cues_BSHC, self._bounds_2BT, self._last_B)
        )
        self._at_BT = torch.zeros(len(words), frames, dtype=torch.long, device=device)
        self._held_B = torch.zeros(len(words), dtype=torch.long, device=device)
        self._odds_B = torch.zeros(len(words), device=device)
        self._head = Rowwise(model.head.weight[torch.tensor(PHONE_IDS, device=device)].float())
        self._first = torch.arange(STEPS, device=device)

    def cues(self, takes: Sequence[int], frame: int) -> Tensor:
        """The rows that are shown of a frame, the last one that was gone on to, [takes, `PHONE_CONDITIONS`]."""
        index = to_device_async(torch.tensor(takes), self._at_BT.device)
        return self._cues_BSHC[index, self._at_BT[index, frame], self._held_B[index].clamp(max=MAX_HELD_FRAMES - 1)]

    def advance(self, takes: Sequence[int], frame: int, hidden_B1D: Tensor) -> None:
        """Decide where takes are in `frame`, from the hidden states [B, 1, D] that come just before it is written."""
        index = to_device_async(torch.tensor(takes), self._at_BT.device)
        low_B, high_B = self._bounds_2BT[:, index, frame]
        at_B1 = torch.maximum(self._at_BT[index, frame - 1], low_B - 1)[:, None]
        ahead_BK = (at_B1 + self._first).clamp(max=self._phones_BS.shape[1] - 1)
        phones_BK = self._phones_BS[index[:, None], ahead_BK]
        legal_BK = (ahead_BK == at_B1 + self._first) & (ahead_BK >= low_B[:, None]) & (ahead_BK <= high_B[:, None])
        legal_BK &= (self._first < 2) | (F.pad(phones_BK[:, :-1], (1, 0)) == REST)
        told_BK = self._head(hidden_B1D.float())[:, 0].gather(1, phones_BK).masked_fill(~legal_BK, -torch.inf)
        stays_B = F.logsigmoid(told_BK[:, 0] - told_BK[:, 1:].logsumexp(1))
        odds_B = self._odds_B[index] + stays_B
        onward_B = torch.where(odds_B < -math.log(2), 1 + told_BK[:, 1:].argmax(1), 0)
        self._odds_B[index] = torch.where(onward_B > 0, 0.0, odds_B)
        self._held_B[index] = torch.where(onward_B > 0, 0, self._held_B[index] + 1)
        self._at_BT[index, frame] = ahead_BK.gather(1, onward_B[:, None])[:, 0]

    def unfinished(self, takes: Sequence[int], frame: int) -> Tensor:
        """Which takes have words left in a frame that they are led to sing: no song ends there, bool [takes]."""
        index = to_device_async(torch.tensor(takes), self._at_BT.device)
        return self._at_BT[index, frame] < self._last_B[index]

    def places(self, take: int, frames: int) -> list[int]:
        """Where a take was in its words, frame by frame."""
        at: list[int] = self._at_BT[take, :frames].tolist()
        return at
