"""Hidden states -> the next token of each take: legal tokens, guidance, a bias towards the end, noise."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from khala.generation.guide import FrameGuide
from khala.models.lm.backbone import Backbone
from khala.music.request import Sampling
from khala.nn.rowwise import Rowwise
from khala.nn.sampling import generator, sample, to_device_async

if TYPE_CHECKING:
    from khala.generation.decode import Slot

NO_EOS_BEFORE, EOS_BIAS_FROM, EOS_BIAS_NATS = 0.88, 0.97, 120.0
"""For a song with `target_frames`: no end before the first share of them; from the second share on the end's logit
grows by so many nats per `target_frames`."""


class TokenSampler:
    """Draws from the tokens that may come next: at the start of a frame a code of q0 or, after the first frame, the
    end; then a code of q1. With `legal` False the whole vocabulary is open, as in the published engine.

    A take with guidance is drawn from logits extrapolated from its unconditional sequence to its own (classifier-free
    guidance, Ho and Salimans, arXiv 2207.12598). A take that `guide` calls unfinished does not end.
    """

    def __init__(self, model: Backbone, slots: Sequence["Slot"], guide: FrameGuide | None, legal: bool) -> None:
        self._slots, self._guide, self._eos = slots, guide, model.config.layout.eos
        self._heads = _Heads(model, legal)
        self._generators = [generator(slot.seed, 0) for slot in slots]

    def draw(self, hidden_B1D: Tensor, takes: Sequence[int], step: int) -> Tensor:
        """Hidden states of `takes`, then of their unconditional sequences -> the token ids of a step, [takes]."""
        slots = [self._slots[take] for take in takes]
        logits_BC, ids_C = self._heads(hidden_B1D, step)
        logits_BC = _guided(logits_BC, [slot.sampling.guidance for slot in slots])
        if step % 2 == 0 and any(slot.target_frames for slot in slots):
            bias = torch.tensor([eos_bias(step // 2, slot.target_frames) for slot in slots])
            bias_B1 = to_device_async(bias, logits_BC.device)[:, None]
            if self._guide:
                bias_B1 = bias_B1.masked_fill(self._guide.unfinished(takes, step // 2)[:, None], -math.inf)
            logits_BC = torch.where(ids_C == self._eos, logits_BC + bias_B1, logits_BC)  # a bias may be infinite
        uniform_BC = torch.stack([torch.rand(len(ids_C), generator=self._generators[take]) for take in takes])
        uniform_BC = to_device_async(uniform_BC, logits_BC.device)
        return ids_C[_drawn(logits_BC, [slot.sampling for slot in slots], uniform_BC)]


def eos_bias(frame: int, target_frames: int) -> float:
    """What is added to the end's logit in `frame`: none comes long before the target, and then it gets likelier."""
    if not target_frames:
        return 0.0
    if frame < NO_EOS_BEFORE * target_frames:
        return -math.inf
    return max(EOS_BIAS_NATS * (frame / target_frames - EOS_BIAS_FROM), 0.0)


def _guided(logits_BC: Tensor, guidance: list[float]) -> Tensor:
    """Logits of all takes, then of the unconditional sequences of those with guidance -> of all takes."""
    takes = len(guidance)
    guided = [i for i, strength in enumerate(guidance) if strength != 1]
    if guided:
        strength_G1 = torch.tensor([guidance[i] for i in guided], device=logits_BC.device)[:, None]
        uncond_GC = logits_BC[takes:]
        logits_BC[guided] = uncond_GC + strength_G1 * (logits_BC[guided] - uncond_GC)
    return logits_BC[:takes]


def _drawn(logits_BC: Tensor, samplings: list[Sampling], uniform_BC: Tensor) -> Tensor:
    """One class per row, by the row's own sampling -> [B]."""
    if len({(sampling.temperature, sampling.top_k) for sampling in samplings}) == 1:
        return sample(logits_BC, samplings[0].temperature, samplings[0].top_k, uniform_BC)
    rows = zip(logits_BC, samplings, uniform_BC, strict=True)
    return torch.stack([sample(logits_C, s.temperature, s.top_k, uniform_C) for logits_C, s, uniform_C in rows])


class _Heads:
    """Hidden states [B, 1, D] and a step -> logits [B, C] of the tokens that may come, and their ids [C]."""

    def __init__(self, model: Backbone, legal: bool) -> None:
        layout, weight = model.config.layout, model.head.weight
        if legal:
            rows = [[*layout.level_rows(0), layout.eos], list(layout.level_rows(1))]
        else:
            rows = [list(range(layout.backbone_vocab))] * 2
        self.ids = [torch.tensor(ids, device=model.device) for ids in rows]
        self.heads = [Rowwise((weight[ids] if legal else weight).float()) for ids in self.ids]
        self.may_end_at_once = not legal

    def __call__(self, hidden_B1D: Tensor, step: int) -> tuple[Tensor, Tensor]:
        logits_BC, ids_C = self.heads[step % 2](hidden_B1D.float())[:, 0], self.ids[step % 2]
        if step == 0 and not self.may_end_at_once:  # a song has at least one frame
            return logits_BC[:, :-1], ids_C[:-1]
        return logits_BC, ids_C
