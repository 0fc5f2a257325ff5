"""What a request means for a model: everything that is known before anything is computed.

This is the only module of `generation` that knows `conditioning`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from khala.conditioning.conditioner import (
    Conditioning,
    Rows,
    condition,
    phone_guide,
    request_of_window,
    rows_of_prompt,
)
from khala.conditioning.preview import Preview, preview
from khala.conditioning.windows import SongWindow
from khala.generation.planned_rework import PlannedRework
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.conditions import ConditionIds, condition_stream
from khala.models.lm.config import PAD_ID
from khala.models.lm.guide import FrameGuide
from khala.models.lm.length import MARGIN
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import LaterWindow, Slot
from khala.music.errors import InvalidRequest
from khala.music.prompt import Prompt, backbone_prompt, clamp_prompt, superres_prompt, uncond_prompt
from khala.music.request import SongRequest
from khala.music.seeds import take_seed
from khala.weights.tokenizer import Tokenizer


@dataclass(frozen=True)
class PlanWindow:
    """A window of a take: the backbone reads its frames from `first` on behind a prompt, and writes those from `start`
    to `stop`. `prompt_rows` holds a condition id for every id of the prompt, `lines` what lines of the lyrics are known
    to the conditions."""

    first: int
    start: int
    stop: int
    lines: range
    prompt_ids: list[int]
    prompt_rows: list[int]


@dataclass(frozen=True)
class TakePlan:
    """Take `number` (from 1) of a `request`, with its own seed: its prompts as ids, its length, its conditions.

    `max_frames` is the longest that the song may become, `limited_by` "duration" or "context"; `target_frames` is where
    it is led to end, or 0. `prompt_cut` says that words were left out. `uncond_ids` is the prompt without what was
    asked for: guidance leads away from it, and best-of compares with it. `conditioning` is None for a model that takes
    no conditions, and super-resolution may take none (`conditions_superres`) where the backbone does. The backbone goes
    through `windows`: a single one, unless its model was trained on parts of songs (`ModelConfig.window_frames`).
    `rework` says what of the song is another's.
    """

    request: SongRequest
    number: int
    seed: int
    preview: Preview
    windows: tuple[PlanWindow, ...]
    superres_ids: list[int]
    uncond_ids: list[int]
    prompt_cut: bool
    max_frames: int
    limited_by: str
    target_frames: int = 0
    conditioning: Conditioning | None = None
    conditions_superres: bool = False
    rework: PlannedRework | None = None

    @property
    def candidates(self) -> int:
        """How many are decoded, of which one is kept."""
        return max(self.request.best_of, self.rework.candidates if self.rework else 1)

    @property
    def backbone_ids(self) -> list[int]:
        """The prompt at the beginning of the take."""
        return self.windows[0].prompt_ids

    def windows_of(self, frames: int) -> list[PlanWindow]:
        """The windows that a song of so many frames goes through, the last one to its end."""
        *before, last = (window for window in self.windows if window.start < max(frames, 1))
        return [*before, replace(last, stop=frames)]

    def slot(self, candidate: int = 1, known: NDArray[np.int16] | None = None) -> Slot:
        """The take's place in a decode batch, as candidate 1, 2, ... of best-of; `known` as in `Slot`."""
        if known is None and self.rework:
            known = self.rework.known
        slot = Slot(
            prompt_ids=self.backbone_ids,
            seed=take_seed(self.seed, candidate),
            max_frames=self.max_frames,
            sampling=self.request.sampling,
            target_frames=self.target_frames,
            uncond_ids=self.uncond_ids,
            known=known,
        )
        if self.conditioning is None:
            return slot
        windows = self.windows_of(self.max_frames)
        streams = [self._outline_streams(window) for window in windows]
        later = tuple(
            LaterWindow(window.first, window.start, window.prompt_ids, *its)
            for window, its in zip(windows[1:], streams[1:], strict=True)
        )
        return replace(slot, condition_ids=streams[0][0], uncond_condition_ids=streams[0][1], later=later)

    def refine_input(self, result: BackboneResult) -> RefineInput:
        """The input of super-resolution for what the backbone made of the take."""
        sampling = self.request.sampling
        given = RefineInput(self.superres_ids, result.codes, self.seed, sampling)
        if self.conditioning is None or not self.conditions_superres:
            return given
        frames = result.codes.shape[1]
        rows = np.array(self.conditioning.rows_with_phones(frames, result.phone_index)[:-1], np.int64)
        unsung = None
        if self.conditioning.has_words:
            unsung = np.array(self.conditioning.rows_with_phones(frames, None)[:-1], np.int64)
        return replace(given, condition_ids=rows, uncond_condition_ids=unsung)

    def likelihood_conditions(
        self, result: BackboneResult, window: PlanWindow
    ) -> tuple[ConditionIds | None, ConditionIds | None]:
        """Condition ids of a finished result, in one of its windows, behind that one's prompt and behind `uncond_ids`,
        for best-of."""
        if self.conditioning is None:
            return None, None
        first, stop, lines = window.first, window.stop, window.lines
        rows = self.conditioning.rows_with_phones(stop, result.phone_index, first, lines)
        return self._streams(window, rows, self.conditioning.uncond_rows(stop, first, lines))

    def _outline_streams(self, window: PlanWindow) -> tuple[ConditionIds, ConditionIds]:
        """Condition ids of a window that hold whatever is sung."""
        assert self.conditioning is not None
        part = window.stop, window.first, window.lines
        return self._streams(window, self.conditioning.rows(*part), self.conditioning.uncond_rows(*part))

    def _streams(self, window: PlanWindow, rows: Rows, uncond_rows: Rows) -> tuple[ConditionIds, ConditionIds]:
        away = condition_stream([PAD_ID] * len(self.uncond_ids), uncond_rows)
        return condition_stream(window.prompt_rows, rows), away


def plan_take(
    request: SongRequest, number: int, config: ModelConfig, tokenizer: Tokenizer, durations: DurationModel | None = None
) -> TakePlan:
    """The plan of take 1, 2, ... of a request that has its seed (ValueError otherwise). `durations` plans its phones.

    Raises InvalidRequest for what the model cannot do: a song too long, words that leave no room for one.
    """
    return plan_seen(request, number, seen_take(request, number, config), config, tokenizer, durations)


def seen_take(request: SongRequest, number: int, config: ModelConfig) -> Preview:
    """The preview of take 1, 2, ... of a request that has its seed (ValueError otherwise). Raises InvalidRequest."""
    if request.seed is None:
        raise ValueError("takes are told apart by the seed of their request: give it one by with_seed()")
    config.require_possible(request)
    return preview(replace(request, seed=take_seed(request.seed, number)), config)


def plan_seen(
    request: SongRequest,
    number: int,
    seen: Preview,
    config: ModelConfig,
    tokenizer: Tokenizer,
    durations: DurationModel | None = None,
) -> TakePlan:
    """The plan of a take by its preview, whose outline may be another than the request's own. Raises InvalidRequest."""
    assert request.seed is not None
    seed = take_seed(request.seed, number)
    prompt, style = backbone_prompt(seen.request, config.prompt), config.prompt
    superres_ids, superres_cut = _ids(superres_prompt(seen.request, style), tokenizer, style.superres_limit)
    conditioning = condition(seen, prompt, config, tokenizer, durations)
    asked_frames = request.duration * config.frame_rate
    max_frames = by_duration = math.ceil(MARGIN * asked_frames)
    if conditioning is None or not config.window_frames:
        backbone_ids = _ids(prompt, tokenizer, style.backbone_limit)[0]
        by_context = min(
            (config.backbone.context - len(backbone_ids) - 1) // 2, config.superres.context - len(superres_ids)
        )
        if by_context < 1:
            raise InvalidRequest(f"the words fill all that the model {config.name} can attend to; shorten the lyrics")
        max_frames = min(by_duration, by_context)
    windows, backbone_cut = _windows(seen, conditioning, max_frames, config, tokenizer)
    target_frames = round(asked_frames) if style.duration_text else 0
    if seen.outline:
        target_frames = seen.outline.frames
    return TakePlan(
        request=request,
        number=number,
        seed=seed,
        preview=seen,
        windows=windows,
        superres_ids=superres_ids,
        uncond_ids=tokenizer.encode(uncond_prompt(seen.request, style)),
        prompt_cut=backbone_cut or superres_cut,
        max_frames=max_frames,
        limited_by="duration" if max_frames == by_duration else "context",
        target_frames=min(target_frames, max_frames),
        conditioning=conditioning,
        conditions_superres=config.superres.condition_rows > 0,
    )


def guide_for(plans: Sequence[TakePlan]) -> FrameGuide | None:
    """What leads takes that are decoded together through their words, where these are known."""
    return phone_guide([plan.conditioning for plan in plans], [plan.max_frames for plan in plans])


def _windows(
    seen: Preview, conditioning: Conditioning | None, frames: int, config: ModelConfig, tokenizer: Tokenizer
) -> tuple[tuple[PlanWindow, ...], bool]:
    """The windows of a take of at most so many frames, and whether a prompt was cut."""
    spans = [SongWindow(0, 0, frames, range(0))]
    if conditioning is not None:
        spans = conditioning.windows(frames, config.window_frames)
    windows, cut = [], False
    for span in spans:
        prompt = backbone_prompt(request_of_window(seen, span, config), config.prompt)
        ids, more = _ids(prompt, tokenizer, config.prompt.backbone_limit)
        windows.append(PlanWindow(*span, ids, rows_of_prompt(prompt, config, tokenizer)))
        cut = cut or more
    return tuple(windows), cut


def _ids(prompt: Prompt, tokenizer: Tokenizer, limit: int) -> tuple[list[int], bool]:
    """The ids of a prompt, no more than `limit`, and whether there were more."""
    ids = tokenizer.encode(prompt)
    return clamp_prompt(ids, limit), len(ids) > limit
