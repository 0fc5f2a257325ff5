"""The sequences of a decode batch: one for each slot, and another behind `uncond_ids` for each slot with guidance."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from khala.models.lm.backbone import Backbone
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.guide import FrameGuide
from khala.models.lm.slot import LaterWindow, Slot
from khala.models.lm.static import StaticStepper
from khala.models.lm.stepper import Stepper
from khala.nn.sampling import to_device_async


@dataclass(frozen=True)
class _Reading:
    """What a sequence has read: a prompt, then the tokens from step `first_step` on, with conditions for every
    position from there on, None for a model that takes none."""

    prompt: list[int]
    conditions_ND: Tensor | None
    first_step: int


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
        context = max(slot.positions(tokens) for slot, tokens in zip(slots, max_tokens, strict=True))
        if context > model.config.context:
            raise ValueError(f"prompt and tokens need {context} positions; the model has {model.config.context}")
        guided = [take for take, slot in enumerate(slots) if slot.sampling.guidance != 1]
        self.model, self.slots, self.guide = model, slots, guide
        self.uncond_row = {take: len(slots) + i for i, take in enumerate(guided)}
        self.stepper = (StaticStepper if static else Stepper)(model, len(slots) + len(guided), context + spare)
        self._readings: dict[int, _Reading] = {}
        self._later = [list(slot.later) for slot in slots]
        for take, slot in enumerate(slots):
            self._prepare(take, LaterWindow(0, 0, slot.prompt_ids, slot.condition_ids, slot.uncond_condition_ids))

    def read(self) -> Tensor:
        """Read all prompts -> their last hidden states [B, 1, D]. A prompt that comes again is copied."""
        hidden: list[Tensor] = []
        for row in range(len(self._readings)):
            one = self._readings[row]
            prompt = one.prompt
            conditions_ND = None if one.conditions_ND is None else one.conditions_ND[: len(prompt)]
            for before in range(row):
                other = self._readings[before]
                known = conditions_ND is None or (
                    other.conditions_ND is not None and torch.equal(other.conditions_ND[: len(prompt)], conditions_ND)
                )
                if other.prompt == prompt and known:
                    self.stepper.copy(before, row)
                    hidden.append(hidden[before])
                    break
            else:
                hidden.append(self.stepper.read(prompt, row, conditions_ND))
        return torch.cat(hidden)

    def window_begins(self, take: int, step: int) -> bool:
        """Whether a take reads its next window before it draws a token in this step."""
        return bool(self._later[take]) and 2 * self._later[take][0].start == step

    def step(self, drawn_B: Tensor, takes: Sequence[int], step: int, tokens: Sequence[Sequence[int]] = ()) -> Tensor:
        """Append the token that each of `takes` drew in a step -> hidden states [B, 1, D], for the next one. A take
        whose next window begins reads that instead, from its `tokens` so far, which must be up to date then."""
        guided = [i for i, take in enumerate(takes) if take in self.uncond_row]
        if guided:
            drawn_B = torch.cat([drawn_B, drawn_B[to_device_async(torch.tensor(guided), drawn_B.device)]])
        rows = [*takes, *(self.uncond_row[takes[i]] for i in guided)]
        anew = {take for take in takes if self.window_begins(take, step + 1)}
        if not anew:
            return self._append(drawn_B, rows, len(takes), step)
        owners = [*takes, *(takes[i] for i in guided)]
        on = [at for at, take in enumerate(owners) if take not in anew]
        hidden: dict[int, Tensor] = {}
        if on:
            going = sum(take not in anew for take in takes)
            its_rows = [rows[at] for at in on]
            hidden_B1D = self._append(drawn_B[torch.tensor(on, device=drawn_B.device)], its_rows, going, step)
            hidden = dict(zip(its_rows, hidden_B1D.split(1), strict=True))
        for take in sorted(anew):
            window = self._later[take].pop(0)
            self._prepare(take, window)
            for row in (take, self.uncond_row[take]) if take in self.uncond_row else (take,):
                reading = self._readings[row]
                ids = [*reading.prompt, *tokens[take][reading.first_step :]]
                conditions_ND = None if reading.conditions_ND is None else reading.conditions_ND[: len(ids)]
                self.stepper.clear(row)
                hidden[row] = self.stepper.read(ids, row, conditions_ND)
        return torch.cat([hidden[row] for row in rows])

    def _append(self, drawn_B: Tensor, rows: list[int], takes: int, step: int) -> Tensor:
        """Append a token to each of `rows`, the first `takes` of which are the takes' own."""
        condition_BD = None
        if self._readings[rows[0]].conditions_ND is not None:
            condition_BD = torch.stack([self._condition(self._readings[row], step) for row in rows])
            if self.guide:
                frame = (step + 1) // 2
                condition_BD[:takes] += self._embed(self.guide.condition_ids(rows[:takes], frame))
        return self.stepper.step(drawn_B, rows, condition_BD)

    @staticmethod
    def _condition(reading: _Reading, step: int) -> Tensor:
        assert reading.conditions_ND is not None
        return reading.conditions_ND[len(reading.prompt) + step - reading.first_step]

    def _prepare(self, take: int, window: LaterWindow) -> None:
        """Note what the sequences of a take read of a window."""
        slot, first_step = self.slots[take], 2 * window.first
        conditions_ND = self._embedded(window.condition_ids)
        if self.guide and conditions_ND is not None:
            guided_ND = self._embed(self.guide.conditions_from(take, window.first, window.start))
            behind = len(window.prompt_ids) - 1  # the position that predicts the first frame
            guided_ND = guided_ND.repeat_interleave(2, dim=0)[:-1]
            conditions_ND[behind : behind + len(guided_ND)] += guided_ND
        self._readings[take] = _Reading(list(window.prompt_ids), conditions_ND, first_step)
        if take in self.uncond_row:
            conditions_ND = self._embedded(window.uncond_condition_ids)
            self._readings[self.uncond_row[take]] = _Reading(list(slot.uncond_ids), conditions_ND, first_step)

    def _embedded(self, condition_ids: ConditionIds | None) -> Tensor | None:
        return None if condition_ids is None else self._embed(condition_ids)

    def _embed(self, condition_ids: ConditionIds) -> Tensor:
        return self.model.embed_conditions(to_device_async(torch.from_numpy(condition_ids), self.model.device))
