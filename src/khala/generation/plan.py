"""What a request means for a model: all that is found out before anything is computed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from khala.conditioning.outline import Outline
from khala.conditioning.phone_sequence import NO_PHONE_CONDITIONS, PhoneSequence, phones_of_prompt
from khala.conditioning.preview import Preview, preview
from khala.generation.decode import BackboneResult
from khala.generation.memory import MARGIN
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.prompt import Prompt, backbone_prompt, clamp_prompt, superres_prompt
from khala.music.request import SongRequest
from khala.weights.tokenizer import Tokenizer

Cues = tuple[tuple[int, ...], ...]
"""What is shown of some frames, row by row (`conditioning.outline`)."""


@dataclass(frozen=True)
class Plan:
    """What a request means for a model: its prompts as ids. `max_frames` is the longest song that it may become,
    `bound` what sets that ("duration" or "context"), `aim` the frames that it is led to end at, or 0; `prompt_cut`
    says that words were left out. `preview` is what can be said of the request without a tokenizer. For models that are
    shown an outline, `lines` is the line of the lyrics that each of the backbone's ids belongs to, and `words` what is
    sung, if they read phones."""

    preview: Preview
    backbone_ids: list[int]
    superres_ids: list[int]
    prompt_cut: bool
    max_frames: int
    bound: str
    aim: int = 0
    lines: tuple[int | None, ...] = ()
    words: PhoneSequence | None = None

    @property
    def outline(self) -> Outline | None:
        """What a model is shown that is shown one."""
        return self.preview.outline

    @property
    def sung(self) -> bool:
        """Whether it is known what is sung."""
        return self.words is not None and bool(self.words.starts)

    @property
    def bounds(self) -> tuple[Sequence[int], Sequence[int]]:
        """Between which places of the words the song is in each frame (`PhoneSequence.bounds`), if there are any."""
        if self.words is None or self.outline is None:
            return (), ()
        return self.words.bounds(self.outline.lines, self.max_frames + 1)

    def cues(self, frames: int) -> Cues:
        """What is shown of the outline in so many frames and in one more; nothing without one."""
        return _rows(self.outline, frames)

    def uncond_conditions(self, frames: int) -> Cues:
        """The same where guidance leads away from: the words ask for neither style nor key."""
        return _rows(self.outline and self.outline.untold, frames)

    def shown(self, result: BackboneResult) -> Cues:
        """All that is shown of the frames of a result and of one more: the outline, and what is sung in it."""
        rows = self.cues(result.codes.shape[1])
        if self.words is None or result.places is None:
            return tuple((*row, *NO_PHONE_CONDITIONS) for row in rows)
        sung = self.words.cues([*result.places, len(self.words.phones) - 1])
        return tuple((*row, *its) for row, its in zip(rows, sung, strict=True))


@dataclass(frozen=True)
class Work:
    """One take to be made: take 0, 1, ... of a `request` that has its seed. `seed` is the take's own."""

    request: SongRequest
    take: int
    seed: int
    plan: Plan


def plan_for(request: SongRequest, config: ModelConfig, tokenizer: Tokenizer) -> Plan:
    """What `request` means for a model; its seed draws what an outline leaves open.

    Raises InvalidRequest for what the model cannot do: a song too long, words that leave no room for one.
    """
    config.require_possible(request)
    seen = preview(request, config)
    request = seen.request
    prompt, limit = backbone_prompt(request, config.prompt), config.prompt.backbone_limit
    backbone_ids, backbone_cut = _ids(prompt, tokenizer, limit)
    superres_ids, superres_cut = _ids(superres_prompt(request, config.prompt), tokenizer, config.prompt.superres_limit)
    by_duration = math.ceil(MARGIN * request.duration * config.frame_rate)
    by_context = min(
        (config.backbone.context - len(backbone_ids) - 1) // 2, config.superres.context - len(superres_ids)
    )
    if by_context < 1:
        raise InvalidRequest(f"the words fill all that the model {config.name} can attend to; shorten the lyrics")
    longest = min(by_duration, by_context)
    aim = min(round(request.duration * config.frame_rate), longest) if config.prompt.duration_text else 0
    lines: tuple[int | None, ...] = ()
    words: PhoneSequence | None = None
    if seen.outline:
        aim = min(seen.outline.frames, longest)
        lines = tuple(clamp_prompt(tokenizer.lines(prompt), limit))
        words = phones_of_prompt(prompt) if config.prompt.lyrics == "phones" else None
    return Plan(
        preview=seen,
        backbone_ids=backbone_ids,
        superres_ids=superres_ids,
        prompt_cut=backbone_cut or superres_cut,
        max_frames=longest,
        bound="duration" if by_duration <= by_context else "context",
        aim=aim,
        lines=lines,
        words=words,
    )


def _rows(outline: Outline | None, frames: int) -> Cues:
    return tuple(map(tuple, outline.cues(0, frames + 1))) if outline else ()


def _ids(prompt: Prompt, tokenizer: Tokenizer, limit: int) -> tuple[list[int], bool]:
    """The ids of a prompt, no more than `limit`, and whether there were more."""
    ids = tokenizer.encode(prompt)
    return clamp_prompt(ids, limit), len(ids) > limit
