"""The door to this room: a request's preview -> the condition ids of its song, and a guide through its phones.

Condition ids are rows of the models' table of conditions (`Transformer.embed_conditions`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.durations import plan_timing, require_features, sung_lines
from khala.conditioning.outline import Outline, prompt_rows
from khala.conditioning.phone_sequence import EARLY_FRAMES, NO_PHONE_CONDITIONS, PhoneSequence, phones_of_prompt
from khala.conditioning.preview import Preview
from khala.conditioning.rows import CONDITION_ROWS, within
from khala.conditioning.windows import SongWindow, song_windows, window_request
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.music.prompt import Prompt, clamp_prompt
from khala.music.request import SongRequest
from khala.weights.tokenizer import Tokenizer

Rows = list[tuple[int, ...]]
"""Condition ids frame by frame."""


@dataclass(frozen=True)
class Conditioning:
    """The conditions of one song. `phones` is what is sung, None for a model whose prompts hold no phones, and `timing`
    where it is in them in each frame, None if that is for the model to say. `pinned` holds where it is for certain in
    some frames, -1 in all others. The model's table has `table_rows` rows: it is told no more."""

    outline: Outline
    phones: PhoneSequence | None
    table_rows: int = CONDITION_ROWS
    timing: NDArray[np.int16] | None = None
    pinned: NDArray[np.int16] | None = None

    @property
    def has_words(self) -> bool:
        """Whether anything is sung, and known."""
        return self.phones is not None and bool(self.phones.starts)

    def windows(self, frames: int, size: int) -> list[SongWindow]:
        """The windows of at most `size` frames of a song that may become `frames` long; one with all its lines if that
        is 0. Those of a song that is planned to be no longer than a window know all lines, too."""
        if not size:
            return [SongWindow(0, 0, frames, range(len(self.outline.lines)))]
        places = [(max(begin - EARLY_FRAMES, 0), end - EARLY_FRAMES) for begin, end in self.outline.lines]
        if self.phones is not None and self.timing is not None:
            sung = self.phones.line_spans(self.timing.tolist())
            places = [span[:2] if span else place for span, place in zip(sung, places, strict=False)]
        found = song_windows(places, frames, size)
        if self.outline.frames > size:
            return found
        return [window._replace(lines=range(len(places))) for window in found]

    def rows(self, frames: int, first: int = 0, lines: range | None = None) -> Rows:
        """The outline's conditions of frames `first` to `frames` and of one more, [T + 1][`NUM_CONDITIONS`]; `lines` as
        in `Outline.condition_ids`."""
        return self._within(self.outline.condition_ids(first, frames + 1, lines))

    def uncond_rows(self, frames: int, first: int = 0, lines: range | None = None) -> Rows:
        """The same without what a description asks for: where classifier-free guidance leads away from."""
        return self._within(self.outline.without_wishes.condition_ids(first, frames + 1, lines))

    def rows_with_phones(
        self, frames: int, phone_index: NDArray[np.int16] | None, first: int = 0, lines: range | None = None
    ) -> Rows:
        """The conditions of frames `first` to `frames` and of one more, with those of the phones at `phone_index` [T]
        of `PhoneSequence.phones`, or without any.

        They do not depend on how the song goes on: how long a phone lasts is only known where it is planned.
        """
        rows = self.rows(frames, first, lines)
        if self.phones is None or phone_index is None:
            return [(*row, *NO_PHONE_CONDITIONS) for row in rows]
        behind = [len(self.phones.phones) - 1]
        if self.timing is not None:
            behind = list(self.alignment_bounds(max(frames + 1, len(self.timing)))[0][frames:])
        sung = self.phones.condition_ids([*phone_index[first:frames], *behind], timed=self.timing is not None)
        return [(*row, *within(its, self.table_rows)) for row, its in zip(rows, sung, strict=False)]

    def alignment_bounds(self, frames: int) -> tuple[Sequence[int], Sequence[int]]:
        """Between which indices of the phones the song is in each of so many frames."""
        assert self.phones is not None
        low: Sequence[int]
        high: Sequence[int]
        if self.timing is not None:
            low = high = [*self.timing[:frames].tolist(), *[len(self.phones.phones) - 1] * (frames - len(self.timing))]
        else:
            low, high = self.phones.alignment_bounds(self.outline.lines, frames)
        return (low, high) if self.pinned is None else _pinned(low, high, self.pinned.tolist())

    def _within(self, rows: Sequence[Sequence[int]]) -> Rows:
        return [within(row, self.table_rows) for row in rows]


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
    phones = phones_of_prompt(prompt) if config.prompt.lyrics == "phones" else None
    timing = None
    if durations is not None and phones is not None and phones.starts:
        require_features(durations)
        outline, seed = preview.outline, preview.request.seed or 0
        timing = plan_timing(sung_lines(prompt), phones, outline, outline.frames, durations, seed)
    return Conditioning(preview.outline, phones, config.backbone.condition_rows, timing)


def rows_of_prompt(prompt: Prompt, config: ModelConfig, tokenizer: Tokenizer) -> list[int]:
    """One condition id for every id of a prompt of the backbone."""
    return prompt_rows(clamp_prompt(tokenizer.lines(prompt), config.prompt.backbone_limit))


def request_of_window(preview: Preview, window: SongWindow, config: ModelConfig) -> SongRequest:
    """The request for a window of a song, as it was put in training: with the words of its lines alone. A song that is
    no longer than the model's windows is asked for as a whole, and so is every song of a model without windows."""
    outline = preview.outline
    if outline is None or not config.window_frames or outline.frames <= config.window_frames:
        return preview.request
    sections = preview.singable.lyrics.sections
    lines = [(section.name, line) for section in sections for line in section.lines]
    seconds = (min(window.stop, outline.frames) - window.first) / config.frame_rate
    return window_request(preview.request, lines[window.lines.start : window.lines.stop], seconds)


def _pinned(low: Sequence[int], high: Sequence[int], pinned: Sequence[int]) -> tuple[list[int], list[int]]:
    """The bounds of each frame, none below a pinned index before it or above one behind it."""
    pinned = [*pinned[: len(low)], *[-1] * (len(low) - len(pinned))]
    at_least = list(accumulate(pinned, max, initial=0))[1:]
    most = max((*high, *pinned), default=0)
    at_most = list(accumulate((most if at < 0 else at for at in reversed(pinned)), min))[::-1]
    bounded = [
        [min(max(bound, least), top) for bound, least, top in zip(bounds, at_least, at_most, strict=True)]
        for bounds in (low, high)
    ]
    return bounded[0], bounded[1]


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
