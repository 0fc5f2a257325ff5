"""What a request means for a model: everything that is known before anything is computed.

This is the only module of `generation` that knows `conditioning`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from khala.conditioning.conditioner import Conditioning, Rows, condition, phone_guide
from khala.conditioning.preview import Preview, preview
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.conditions import ConditionIds, condition_stream
from khala.models.lm.config import PAD_ID
from khala.models.lm.guide import FrameGuide
from khala.models.lm.length import MARGIN
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import Slot
from khala.music.errors import InvalidRequest
from khala.music.prompt import Prompt, backbone_prompt, clamp_prompt, superres_prompt, uncond_prompt
from khala.music.request import SongRequest
from khala.music.seeds import take_seed
from khala.weights.tokenizer import Tokenizer


@dataclass(frozen=True)
class TakePlan:
    """Take `number` (from 1) of a `request`, with its own seed: its prompts as ids, its length, its conditions.

    `max_frames` is the longest that the song may become, `limited_by` "duration" or "context"; `target_frames` is where
    it is led to end, or 0. `prompt_cut` says that words were left out. `uncond_ids` is the prompt without what was
    asked for: guidance leads away from it, and best-of compares with it. `conditioning` is None for a model that takes
    no conditions, and super-resolution may take none (`conditions_superres`) where the backbone does.
    """

    request: SongRequest
    number: int
    seed: int
    preview: Preview
    backbone_ids: list[int]
    superres_ids: list[int]
    uncond_ids: list[int]
    prompt_cut: bool
    max_frames: int
    limited_by: str
    target_frames: int = 0
    conditioning: Conditioning | None = None
    conditions_superres: bool = False

    def slot(self, candidate: int = 1) -> Slot:
        """The take's place in a decode batch, as candidate 1, 2, ... of best-of."""
        slot = Slot(
            prompt_ids=self.backbone_ids,
            seed=take_seed(self.seed, candidate),
            max_frames=self.max_frames,
            sampling=self.request.sampling,
            target_frames=self.target_frames,
            uncond_ids=self.uncond_ids,
        )
        if self.conditioning is None:
            return slot
        return replace(
            slot,
            condition_ids=self._behind_prompt(self.conditioning.rows(self.max_frames)),
            uncond_condition_ids=self._behind_uncond(self.conditioning.uncond_rows(self.max_frames)),
        )

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

    def likelihood_conditions(self, result: BackboneResult) -> tuple[ConditionIds | None, ConditionIds | None]:
        """Condition ids of a finished result behind the take's prompt and behind `uncond_ids`, for best-of."""
        if self.conditioning is None:
            return None, None
        frames = result.codes.shape[1]
        return (
            self._behind_prompt(self.conditioning.rows_with_phones(frames, result.phone_index)),
            self._behind_uncond(self.conditioning.uncond_rows(frames)),
        )

    def _behind_prompt(self, rows: Rows) -> ConditionIds:
        assert self.conditioning is not None
        return condition_stream(self.conditioning.prompt_rows, rows)

    def _behind_uncond(self, rows: Rows) -> ConditionIds:
        return condition_stream([PAD_ID] * len(self.uncond_ids), rows)


def plan_take(
    request: SongRequest, number: int, config: ModelConfig, tokenizer: Tokenizer, durations: DurationModel | None = None
) -> TakePlan:
    """The plan of take 1, 2, ... of a request that has its seed (ValueError otherwise). `durations` plans its phones.

    Raises InvalidRequest for what the model cannot do: a song too long, words that leave no room for one.
    """
    if request.seed is None:
        raise ValueError("takes are told apart by the seed of their request: give it one by with_seed()")
    config.require_possible(request)
    seed = take_seed(request.seed, number)
    seen = preview(replace(request, seed=seed), config)
    prompt, style = backbone_prompt(seen.request, config.prompt), config.prompt
    backbone_ids, backbone_cut = _ids(prompt, tokenizer, style.backbone_limit)
    superres_ids, superres_cut = _ids(superres_prompt(seen.request, style), tokenizer, style.superres_limit)
    asked_frames = request.duration * config.frame_rate
    by_duration = math.ceil(MARGIN * asked_frames)
    by_context = min(
        (config.backbone.context - len(backbone_ids) - 1) // 2, config.superres.context - len(superres_ids)
    )
    if by_context < 1:
        raise InvalidRequest(f"the words fill all that the model {config.name} can attend to; shorten the lyrics")
    max_frames = min(by_duration, by_context)
    target_frames = round(asked_frames) if style.duration_text else 0
    if seen.outline:
        target_frames = seen.outline.frames
    return TakePlan(
        request=request,
        number=number,
        seed=seed,
        preview=seen,
        backbone_ids=backbone_ids,
        superres_ids=superres_ids,
        uncond_ids=tokenizer.encode(uncond_prompt(seen.request, style)),
        prompt_cut=backbone_cut or superres_cut,
        max_frames=max_frames,
        limited_by="duration" if by_duration <= by_context else "context",
        target_frames=min(target_frames, max_frames),
        conditioning=condition(seen, prompt, config, tokenizer, durations),
        conditions_superres=config.superres.condition_rows > 0,
    )


def guide_for(plans: Sequence[TakePlan]) -> FrameGuide | None:
    """What leads takes that are decoded together through their words, where these are known."""
    return phone_guide([plan.conditioning for plan in plans], [plan.max_frames for plan in plans])


def _ids(prompt: Prompt, tokenizer: Tokenizer, limit: int) -> tuple[list[int], bool]:
    """The ids of a prompt, no more than `limit`, and whether there were more."""
    ids = tokenizer.encode(prompt)
    return clamp_prompt(ids, limit), len(ids) > limit
