"""The sequences of a decode batch: one for each slot, and another behind `uncond_ids` for each slot with guidance."""

from collections.abc import Sequence

import torch
from torch import Tensor

from khala.models.lm.backbone import Backbone
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.guide import FrameGuide
from khala.models.lm.slot import Slot
from khala.models.lm.static import StaticStepper
from khala.models.lm.stepper import Stepper
from khala.nn.sampling import to_device_async


class Sequences:
    """Steps all sequences that go on by one token at a time. Hidden states come in the order of the takes, then those
    of their unconditional sequences.

    `static` is the stepper for CUDA graphs (`models.lm.static`); `spare` positions are kept for tokens past an end.
    """

    def __init__(
        self,
        model: Backbone,
        slots: Sequence[Slot],
        max_tokens: Sequence[int],
        guide: FrameGuide | None,
        static: bool,
        spare: int,
    ) -> None:
        context = max(len(slot.prompt_ids) + tokens for slot, tokens in zip(slots, max_tokens, strict=True))
        if context > model.config.context:
            raise ValueError(f"prompt and tokens need {context} positions; the model has {model.config.context}")
        guided = [take for take, slot in enumerate(slots) if slot.sampling.guidance != 1]
        self.model, self.guide = model, guide
        self.uncond_row = {take: len(slots) + i for i, take in enumerate(guided)}
        self._prompts = [list(slot.prompt_ids) for slot in slots] + [list(slots[take].uncond_ids) for take in guided]
        ids = [slot.condition_ids for slot in slots] + [slots[take].uncond_condition_ids for take in guided]
        self._conditions = [self._embed(one) for one in ids if one is not None]
        self.stepper = (StaticStepper if static else Stepper)(model, len(self._prompts), context + spare)
        if guide:
            for take, slot in enumerate(slots):
                last = len(slot.prompt_ids) - 1  # the position that predicts the first frame
                self._conditions[take][last] += self._embed(guide.condition_ids([take], 0))[0]

    def read(self) -> Tensor:
        """Read all prompts -> their last hidden states [B, 1, D]. A prompt that comes again is copied."""
        hidden: list[Tensor] = []
        for row, prompt in enumerate(self._prompts):
            conditions_ND = self._conditions[row][: len(prompt)] if self._conditions else None
            for before in range(row):
                known = conditions_ND is None or torch.equal(self._conditions[before][: len(prompt)], conditions_ND)
                if self._prompts[before] == prompt and known:
                    self.stepper.copy(before, row)
                    hidden.append(hidden[before])
                    break
            else:
                hidden.append(self.stepper.read(prompt, row, conditions_ND))
        return torch.cat(hidden)

    def step(self, drawn_B: Tensor, takes: Sequence[int], step: int) -> Tensor:
        """Append the token that each of `takes` drew in a step -> hidden states [B, 1, D], for the next one."""
        guided = [i for i, take in enumerate(takes) if take in self.uncond_row]
        if guided:
            drawn_B = torch.cat([drawn_B, drawn_B[to_device_async(torch.tensor(guided), drawn_B.device)]])
        rows = [*takes, *(self.uncond_row[takes[i]] for i in guided)]
        condition_BD = None
        if self._conditions:
            condition_BD = torch.stack([self._conditions[row][len(self._prompts[row]) + step] for row in rows])
            if self.guide:
                frame = (step + 1) // 2
                condition_BD[: len(takes)] += self._embed(self.guide.condition_ids(takes, frame))
        return self.stepper.step(drawn_B, rows, condition_BD)

    def _embed(self, condition_ids: ConditionIds) -> Tensor:
        return self.model.embed_conditions(to_device_async(torch.from_numpy(condition_ids), self.model.device))
