"""The backbone's loop: prompts -> codes of levels 0 and 1, several takes at once, of one song or of many.

A take's codes depend on the model and on its own slot alone (prompt, conditions, seed, length, sampling), never on what
is decoded beside it: its noise comes from a generator of its own, and the takes' arithmetic is kept apart
(`models.lm.stepper`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from khala.engine.base import Written, keep_all
from khala.engine.pytorch.draw import TokenSampler
from khala.engine.pytorch.reporting import reporting
from khala.engine.pytorch.sequences import Sequences
from khala.models.lm.backbone import Backbone
from khala.models.lm.guide import FrameGuide
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import Slot
from khala.music.progress import Progress, silent
from khala.nn.threads import one_thread

STEPS_PER_SYNC = 32
"""Steps on a GPU between two looks at the tokens drawn: to look is to wait until all of them have been computed."""


FRAMES_BETWEEN_LOOKS = 16
"""Frames between two calls of `written`."""


@one_thread()
def decode_backbone(
    model: Backbone,
    slots: Sequence[Slot],
    guide: FrameGuide | None = None,
    progress: Progress = silent,
    wanted: Callable[[int], bool] = keep_all,
    written: Written | None = None,
) -> list[BackboneResult]:
    """Each slot's codes, at most `max_frames`; arguments as of `engine.base.Engine.decode`.

    The codes of a slot that is not `wanted` any more end there.
    """
    layout = model.config.layout
    first = np.array([[layout.level_rows(0).start], [layout.level_rows(1).start]])
    max_tokens = [2 * slot.max_frames + 1 for slot in slots]  # one more, to see whether the song ends there

    def result(take: int, ids: list[int]) -> BackboneResult:
        frames = min(len(ids) // 2, slots[take].max_frames)
        codes = np.array(ids[: 2 * frames], dtype=np.int64).reshape(frames, 2).T - first
        phone_index = guide.phone_index(take, frames) if guide else None
        return BackboneResult(codes.astype(np.int16), ids[-1] == layout.eos, phone_index)

    def look(take: int, ids: list[int]) -> None:
        if written and ids:
            written(take, result(take, ids))

    tokens = decode_tokens(model, slots, max_tokens, guide=guide, progress=progress, wanted=wanted, look=look)
    results = [result(take, ids) for take, ids in enumerate(tokens)]
    longest = max(slot.max_frames for slot in slots)
    progress("backbone", longest, longest)
    return results


@torch.inference_mode()
def decode_tokens(
    model: Backbone,
    slots: Sequence[Slot],
    max_tokens: Sequence[int],
    *,
    guide: FrameGuide | None = None,
    legal: bool = True,
    static: bool | None = None,
    progress: Progress = silent,
    wanted: Callable[[int], bool] = keep_all,
    look: Callable[[int, list[int]], None] = lambda take, ids: None,
) -> list[list[int]]:
    """The tokens that follow each prompt, up to and with the end token, at most `max_tokens` of each. `look` is passed
    those of a take, by its index, now and then.

    `legal` and `guide` as in `draw.TokenSampler`, `static` as in `sequences.Sequences`. With CUDA graphs the tokens
    drawn are looked at every `STEPS_PER_SYNC` steps, and those behind an end are dropped.
    """
    static = model.device.type == "cuda" if static is None else static
    interval = STEPS_PER_SYNC if static else 1
    transcript = _Transcript(model.config.layout.eos, max_tokens, interval, [[] for _ in slots])
    sampler, known = TokenSampler(model, slots, guide, legal), _Known(model, slots)
    sequences = Sequences(model, slots, max_tokens, guide, static, spare=interval - 1)
    takes = list(range(len(slots)))  # those that go on
    with reporting(model, progress, "backbone", max(max_tokens) // 2) as report:
        hidden_B1D = sequences.read()
        for step in range(max(max_tokens)):
            drawn_B = known.put(sampler.draw(hidden_B1D, takes, step), takes, step)
            if guide and step % 2:
                guide.advance(takes, step // 2 + 1, sampler.guide_logits(hidden_B1D[: len(takes)]))
            reads = any(sequences.window_begins(take, step + 1) for take in takes)
            going = transcript.add(drawn_B, takes, step, wanted, reads)
            if not going:
                break
            if len(going) < len(takes):
                drawn_B, takes = drawn_B[going], [takes[i] for i in going]
            report(step // 2)
            if (step + 1) % (2 * FRAMES_BETWEEN_LOOKS) == 0:
                for take in takes:
                    look(take, transcript.tokens[take])
            hidden_B1D = sequences.step(drawn_B, takes, step, transcript.tokens)
    return transcript.tokens


class _Known:
    """The tokens that are not drawn (`Slot.known`), negative where they are."""

    def __init__(self, model: Backbone, slots: Sequence[Slot]) -> None:
        starts = [model.config.layout.level_rows(level).start for level in (0, 1)]
        codes = {take: slot.known for take, slot in enumerate(slots) if slot.known is not None}
        self._tokens = {
            take: np.where(codes_2T.T < 0, -1, codes_2T.T + starts).ravel().tolist() for take, codes_2T in codes.items()
        }

    def put(self, drawn_B: Tensor, takes: Sequence[int], step: int) -> Tensor:
        """Put what is known of a step in the place of what was drawn."""
        for i, take in enumerate(takes):
            tokens = self._tokens.get(take, ())
            if step < len(tokens) and tokens[step] >= 0:
                drawn_B[i] = tokens[step]
        return drawn_B


@dataclass
class _Transcript:
    """The tokens of all slots as far as they have been looked at: every `interval` steps, at the last, and `now`."""

    eos: int
    max_tokens: Sequence[int]
    interval: int
    tokens: list[list[int]]
    unseen: list[Tensor] = field(default_factory=list)

    def add(
        self, drawn_B: Tensor, takes: Sequence[int], step: int, wanted: Callable[[int], bool], now: bool
    ) -> list[int]:
        """Take in the tokens of a step -> which of `takes`, by position, go on as far as is known."""
        self.unseen.append(drawn_B)
        if not now and len(self.unseen) < self.interval and step + 1 < max(self.max_tokens):
            return list(range(len(takes)))
        for take, ids in zip(takes, torch.stack(self.unseen, 1).tolist(), strict=True):
            self.tokens[take] = self._cut(self.tokens[take] + ids, self.max_tokens[take])
        self.unseen.clear()
        return [i for i, take in enumerate(takes) if self._goes_on(take, step + 1) and wanted(take)]

    def _cut(self, ids: list[int], max_tokens: int) -> list[int]:
        """Up to the end token, and no more than `max_tokens`."""
        return ids[: ids.index(self.eos) + 1][:max_tokens] if self.eos in ids[-self.interval :] else ids[:max_tokens]

    def _goes_on(self, take: int, length: int) -> bool:
        ids = self.tokens[take]
        return len(ids) == length < self.max_tokens[take] and ids[-1] != self.eos
