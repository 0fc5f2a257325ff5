"""The backbone's loop without torch: prompts -> codes of levels 0 and 1, the same as `generation.decode` draws.

Every take is computed by itself, a guided one as a batch of two, in rounds of some frames that are spread over threads:
its codes depend neither on its company nor on the threads.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from khala.engine.base import Written
from khala.engine.onnx.backbone import BackboneSession, Continuations, ReadPrompt
from khala.engine.onnx.noise import Noise, draw_class
from khala.engine.onnx.threads import workers
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.guide import FrameGuide
from khala.models.lm.length import eos_bias
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import LaterWindow, Slot
from khala.music.progress import Progress, paced, silent

ROUND_FRAMES = 16
"""Frames of each take between two looks at progress and at what is still wanted."""


def decode_takes(
    model: BackboneSession,
    slots: Sequence[Slot],
    guide: FrameGuide | None = None,
    progress: Progress = silent,
    wanted: Callable[[int], bool] = lambda take: True,
    threads: int = 1,
    written: Written | None = None,
) -> list[BackboneResult]:
    """Each slot's codes, at most `max_frames`; arguments as of `engine.base.Engine.decode`."""
    if guide:
        model.rows.require(guide.head_rows)
    longest = max(slot.max_frames for slot in slots)
    report, prompts = paced(progress), _Prompts(model)
    takes = [_Take(model, slot, number, guide, prompts) for number, slot in enumerate(slots)]
    going = takes
    with workers(threads) as spread:
        while going:
            spread(_Take.go_on, going)
            report("backbone", max(len(take.tokens) // 2 for take in takes), longest)
            if written:
                for take in going:
                    written(take.number, take.result())
            going = [take for take in going if not take.is_finished and wanted(take.number)]
    progress("backbone", longest, longest)
    return [take.result() for take in takes]


class _Prompts:
    """Prompts that have been read: one that comes again with the same conditions is known."""

    def __init__(self, model: BackboneSession) -> None:
        self._model = model
        self._read: dict[bytes, ReadPrompt] = {}

    def read(self, ids: list[int], condition_ND: NDArray[np.float32]) -> ReadPrompt:
        x_ND = self._model.rows_VD[ids]
        x_ND = x_ND + condition_ND if len(condition_ND) else x_ND
        if (key := x_ND.tobytes()) not in self._read:
            self._read[key] = self._model.read(x_ND)
        return self._read[key]


class _Take:
    """A take on its way: its tokens, its sequence and, with guidance, the unconditional one."""

    def __init__(
        self, model: BackboneSession, slot: Slot, number: int, guide: FrameGuide | None, prompts: _Prompts
    ) -> None:
        self.model, self.slot, self.number, self.guide = model, slot, number, guide
        self.tokens: list[int] = []
        self.known = [] if slot.known is None else slot.known.T.ravel().tolist()
        self.max_tokens = 2 * slot.max_frames + 1  # one more, to see whether the song ends there
        positions = slot.positions(self.max_tokens)
        if positions > model.config.context:
            raise ValueError(f"prompt and tokens need {positions} positions; the model has {model.config.context}")
        self.noise = Noise(slot.seed, 0)
        self.later = list(slot.later)
        self._read(LaterWindow(0, 0, slot.prompt_ids, slot.condition_ids, slot.uncond_condition_ids), prompts.read)

    @property
    def is_finished(self) -> bool:
        return len(self.tokens) == self.max_tokens or self.tokens[-1:] == [self.model.config.layout.eos]

    def go_on(self) -> None:
        """Decode a round."""
        for _ in range(2 * ROUND_FRAMES):
            step = len(self.tokens)
            self.tokens.append(self._draw(step))
            if self.guide and step % 2:
                phones = self.sequences.logits_BV[:1, self.model.rows.phones]
                self.guide.advance([self.number], step // 2 + 1, phones)
            if self.is_finished:
                return
            if self.later and len(self.tokens) == 2 * self.later[0].start:
                self._read(self.later.pop(0), _Prompts(self.model).read)
            else:
                self.sequences.step(self._embedded(step))

    def result(self) -> BackboneResult:
        layout = self.model.config.layout
        frames = min(len(self.tokens) // 2, self.slot.max_frames)
        codes = np.array(self.tokens[: 2 * frames], np.int64).reshape(frames, 2).T
        codes = codes - np.array([[layout.level_rows(level).start] for level in (0, 1)])
        phone_index = self.guide.phone_index(self.number, frames) if self.guide else None
        return BackboneResult(codes.astype(np.int16), self.tokens[-1] == layout.eos, phone_index)

    def _read(self, window: LaterWindow, read: Callable[[list[int], NDArray[np.float32]], ReadPrompt]) -> None:
        """Read a prompt, and the frames of the take from the first of a window on."""
        self.first_step = 2 * window.first
        sides = [(window.prompt_ids, window.condition_ids)]
        if self.slot.sampling.guidance != 1:
            sides.append((self.slot.uncond_ids, window.uncond_condition_ids))
        streams = [self._embed(ids) for _, ids in sides]
        if self.guide:
            guided_TC = self.guide.conditions_from(self.number, window.first, window.start)
            guided_ND = np.repeat(self._embed(guided_TC), 2, axis=0)[:-1]
            behind = len(window.prompt_ids) - 1
            streams[0][behind : behind + len(guided_ND)] += guided_ND
        known = self.tokens[self.first_step :]
        both = [([*ids, *known], len(ids), stream_ND) for (ids, _), stream_ND in zip(sides, streams, strict=True)]
        self.behind_BTD = np.stack([stream_ND[prompt:] for _, prompt, stream_ND in both])
        self.sequences = Continuations(self.model, [read(ids, stream_ND[: len(ids)]) for ids, _, stream_ND in both])

    def _draw(self, step: int) -> int:
        place, slot = self.model.rows.of_step(step), self.slot
        logits_C, *uncond = self.sequences.logits_BV[:, place]
        for uncond_C in uncond:
            logits_C = uncond_C + np.float32(slot.sampling.guidance) * (logits_C - uncond_C)
        if step and step % 2 == 0 and (self.guide or slot.target_frames):
            bias = eos_bias(step // 2, slot.target_frames)
            if self.guide and self.guide.unfinished([self.number], step // 2)[0]:
                bias = -math.inf
            logits_C = np.append(logits_C[:-1], logits_C[-1] + np.float32(bias))
        if step and step % 2 == 0 and step < len(self.known):
            logits_C = np.append(logits_C[:-1], -np.float32(np.inf))
        uniform_C = self.noise.uniform(len(logits_C))
        if step < len(self.known) and self.known[step] >= 0:
            chosen = self.known[step]
        else:
            chosen = draw_class(logits_C, slot.sampling.temperature, slot.sampling.top_k, uniform_C)
        token: int = self.model.rows.ids[place.start + chosen]
        return token

    def _embedded(self, step: int) -> NDArray[np.float32]:
        """The embedding of the token of a step with the conditions of the frame that is drawn next, [B, D]."""
        x_D: NDArray[np.float32] = self.model.rows_VD[self.tokens[-1]]
        if not self.behind_BTD.shape[1]:
            return x_D
        x_BD: NDArray[np.float32] = x_D + self.behind_BTD[:, step - self.first_step]
        if self.guide:
            x_BD[0] += self._guide_condition((step + 1) // 2)
        return x_BD

    def _guide_condition(self, frame: int) -> NDArray[np.float32]:
        assert self.guide is not None
        condition_D: NDArray[np.float32] = self._embed(self.guide.condition_ids([self.number], frame))[0]
        return condition_D

    def _embed(self, condition_ids: ConditionIds | None) -> NDArray[np.float32]:
        """Embed condition ids, [N, C] -> [N, D]; those of a model without conditions as [0, D]."""
        if condition_ids is None or self.model.conditions is None:
            return np.empty((0, self.model.config.dim), np.float32)
        return self.model.conditions.embed(condition_ids)
