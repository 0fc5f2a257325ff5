"""The door to this room: a request's preview -> the condition ids of its song, and a guide through its phones.

Condition ids are rows of the models' table of conditions (`Transformer.embed_conditions`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.durations import plan_timing, require_features, sung_lines
from khala.conditioning.outline import Outline, prompt_rows
from khala.conditioning.phone_sequence import NO_PHONE_CONDITIONS, PhoneSequence, phones_of_prompt
from khala.conditioning.preview import Preview
from khala.conditioning.rows import CONDITION_ROWS, within
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.music.prompt import Prompt, clamp_prompt
from khala.weights.tokenizer import Tokenizer

Rows = list[tuple[int, ...]]
"""Condition ids frame by frame."""


@dataclass(frozen=True)
class Conditioning:
    """The conditions of one song. `prompt_rows` holds one id for every id of the backbone's prompt; `phones` is what is
    sung, None for a model whose prompts hold no phones, and `timing` where it is in them in each frame, None if that is
    for the model to say. The model's table has `table_rows` rows: it is told no more."""

    outline: Outline
    prompt_rows: list[int]
    phones: PhoneSequence | None
    table_rows: int = CONDITION_ROWS
    timing: NDArray[np.int16] | None = None

    @property
    def has_words(self) -> bool:
        """Whether anything is sung, and known."""
        return self.phones is not None and bool(self.phones.starts)

    def rows(self, frames: int) -> Rows:
        """The outline's conditions of so many frames and of one more, [T + 1][`NUM_CONDITIONS`]."""
        return [within(row, self.table_rows) for row in self.outline.condition_ids(0, frames + 1)]

    def uncond_rows(self, frames: int) -> Rows:
        """The same without what a description asks for: where classifier-free guidance leads away from."""
        return [within(row, self.table_rows) for row in self.outline.without_wishes.condition_ids(0, frames + 1)]

    def rows_with_phones(self, frames: int, phone_index: NDArray[np.int16] | None) -> Rows:
        """The conditions of so many frames and of one more, with those of the phones at `phone_index` [T] of
        `PhoneSequence.phones`, or without any."""
        rows = self.rows(frames)
        if self.phones is None or phone_index is None:
            return [(*row, *NO_PHONE_CONDITIONS) for row in rows]
        sung = self.phones.condition_ids([*phone_index, len(self.phones.phones) - 1])
        return [(*row, *within(its, self.table_rows)) for row, its in zip(rows, sung, strict=True)]

    def alignment_bounds(self, frames: int) -> tuple[Sequence[int], Sequence[int]]:
        """Between which indices of the phones the song is in each of so many frames."""
        assert self.phones is not None
        if self.timing is not None:
            planned = [*self.timing[:frames].tolist(), *[len(self.phones.phones) - 1] * (frames - len(self.timing))]
            return planned, planned
        return self.phones.alignment_bounds(self.outline.lines, frames)


def condition(
    preview: Preview,
    prompt: Prompt,
    config: ModelConfig,
    tokenizer: Tokenizer,
    durations: DurationModel | None = None,
) -> Conditioning | None:
    """The conditions of a song for the backbone's `prompt`; None for a model that takes none. `durations` plans when
    its phones are sung. Raises ModelError if it is of another version."""
    if preview.outline is None:
        return None
    lines = clamp_prompt(tokenizer.lines(prompt), config.prompt.backbone_limit)
    phones = phones_of_prompt(prompt) if config.prompt.lyrics == "phones" else None
    timing = None
    if durations is not None and phones is not None and phones.starts:
        require_features(durations)
        outline, seed = preview.outline, preview.request.seed or 0
        timing = plan_timing(sung_lines(prompt), phones, outline, outline.frames, durations, seed)
    return Conditioning(preview.outline, prompt_rows(lines), phones, config.backbone.condition_rows, timing)


def phone_guide(songs: Sequence[Conditioning | None], frames: Sequence[int]) -> PhoneAligner | None:
    """The guide through the phones of songs that are decoded together, each of at most so many `frames`; None where
    none of them is known."""
    if not any(song and song.phones for song in songs):
        return None
    phones = [song.phones if song else None for song in songs]
    bounds: list[Any] = [
        song.alignment_bounds(longest + 1) if song and song.phones else ((), ())
        for song, longest in zip(songs, frames, strict=True)
    ]
    return PhoneAligner(phones, bounds, next(song.table_rows for song in songs if song))
