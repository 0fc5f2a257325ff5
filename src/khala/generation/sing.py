"""Lead a song in the making through its words: which phone is sung in its next frame, drawn from what the model says.

The model is asked in the rows of its head that stand for phones, before it writes the frame, and may only stay where it
is in the words or go on: whatever phone it would leave for, it goes to the next one. So no word is left out, mixed up
or sung twice; how long each lasts is the model's own.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.models.transformer import Transformer
from khala.music.outline import NOTHING
from khala.music.singing import PHONE_IDS, REST, SUNG_CUES, Words
from khala.nn.rowwise import Rowwise
from khala.nn.sampling import generator, sample, sent

STEPS = 3
"""A frame stays at a phone, goes to the next one, or beyond it where that is a rest."""


class Singing:
    """Where several takes are in their words. All of it is on the model's device: nothing is waited for.

    Each take has its words, or none that are known, their bounds in every frame (`Words.bounds`), and a seed.
    """

    def __init__(
        self,
        model: Transformer,
        words: Sequence[Words | None],
        bounds: Sequence[tuple[Sequence[int], Sequence[int]]],
        seeds: Sequence[int],
    ) -> None:
        device = model.device
        longest = max(len(one.phones) for one in words if one)
        frames = max(len(low) for low, _ in bounds)
        self._phones_BS = torch.full((len(words), longest), REST)
        self._cues_BSC = torch.full((len(words), longest, SUNG_CUES), NOTHING)
        self._bounds_2BT = torch.zeros(2, len(words), frames, dtype=torch.long)
        for take, (one, its) in enumerate(zip(words, bounds, strict=True)):
            if one is None:
                continue
            self._phones_BS[take, : len(one.phones)] = torch.tensor(one.phones)
            self._cues_BSC[take, : len(one.phones)] = torch.tensor(one.cues())
            self._bounds_2BT[:, take, : len(its[0])] = torch.tensor(its)
        self._phones_BS, self._cues_BSC, self._bounds_2BT = (
            table.to(device) for table in (self._phones_BS, self._cues_BSC, self._bounds_2BT)
        )
        self._at_BT = torch.zeros(len(words), frames, dtype=torch.long, device=device)
        self._head = Rowwise(model.head.weight[torch.tensor(PHONE_IDS, device=device)].float())
        self._generators = [generator(seed, 1) for seed in seeds]
        self._first = torch.arange(STEPS, device=device)

    def cues(self, takes: Sequence[int], frame: int) -> Tensor:
        """The rows that are shown of a frame, [takes, `SUNG_CUES`]."""
        index = sent(torch.tensor(takes), self._at_BT.device)
        return self._cues_BSC[index, self._at_BT[index, frame]]

    def go_on(self, takes: Sequence[int], frame: int, hidden_B1D: Tensor) -> None:
        """Decide where takes are in `frame`, from the hidden states [B, 1, D] that come just before it is written."""
        device = self._at_BT.device
        index = sent(torch.tensor(takes), device)
        low_B, high_B = self._bounds_2BT[:, index, frame]
        at_B1 = torch.maximum(self._at_BT[index, frame - 1], low_B - 1)[:, None]
        ahead_BK = (at_B1 + self._first).clamp(max=self._phones_BS.shape[1] - 1)
        phones_BK = self._phones_BS[index[:, None], ahead_BK]
        legal_BK = (ahead_BK == at_B1 + self._first) & (ahead_BK >= low_B[:, None]) & (ahead_BK <= high_B[:, None])
        legal_BK &= (self._first < 2) | (F.pad(phones_BK[:, :-1], (1, 0)) == REST)
        told_BC = self._head(hidden_B1D.float())[:, 0].log_softmax(-1)
        stay_B1 = told_BC.gather(1, phones_BK[:, :1])
        leave_B1 = torch.log1p(-stay_B1.exp().clamp(max=1 - 1e-6))
        ahead_B2 = told_BC.gather(1, phones_BK[:, 1:]).masked_fill(~legal_BK[:, 1:], -1e4).log_softmax(-1)
        scores_BK = torch.cat([stay_B1, leave_B1 + ahead_B2], 1).masked_fill(~legal_BK, -torch.inf)
        uniform_BK = torch.stack([torch.rand(STEPS, generator=self._generators[take]) for take in takes])
        chosen_B = sample(scores_BK, 1.0, STEPS, sent(uniform_BK, device))
        self._at_BT[index, frame] = ahead_BK.gather(1, chosen_B[:, None])[:, 0]

    def places(self, take: int, frames: int) -> list[int]:
        """Where a take was in its words, frame by frame."""
        at: list[int] = self._at_BT[take, :frames].tolist()
        return at
