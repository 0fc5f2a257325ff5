"""Align a song in the making with its phones: which one is sung in the next frame, by the backbone's own logits.

Before each frame the backbone is asked for a code in the rows of its head that stand for phones. The song may only stay
at its phone or move on to the next one, whichever phone the logits would leave for, so that no word is left out, mixed
up or sung twice; how long each phone lasts is the model's to say: until it has likelier ended than not. With a plan of
when each phone is sung (`conditioning.durations`) the song follows that, and the conditions say how long a phone lasts.

Drawing whether a phone ends in each frame would be right if the model were. But every draw is a chance to end too
early, and words whose vowels last one frame are not understood.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from khala.conditioning.phone_sequence import MAX_HELD_FRAMES, NO_PHONE_CONDITIONS, PHONE_IDS, REST, PhoneSequence
from khala.conditioning.rows import CONDITION_ROWS, within
from khala.models.lm.conditions import ConditionIds

STEPS = 3
"""A frame stays at a phone, moves to the next one, or beyond it where that is a rest."""


class PhoneAligner:
    """The phone index of several takes, frame by frame (`models.lm.guide.FrameGuide`).

    `sequences` holds each take's phones, None where they are not known; `bounds` the lowest and highest index in every
    frame (`PhoneSequence.alignment_bounds`), or twice the same where it is planned. The models have `table_rows` rows
    of conditions. Needs no torch.
    """

    head_rows: Sequence[int] = PHONE_IDS

    def __init__(
        self,
        sequences: Sequence[PhoneSequence | None],
        bounds: Sequence[tuple[Sequence[int], Sequence[int]]],
        table_rows: int = CONDITION_ROWS,
    ) -> None:
        self._songs = [
            None if sequence is None else _Song(sequence, *its, table_rows)
            for sequence, its in zip(sequences, bounds, strict=True)
        ]

    def condition_ids(self, takes: Sequence[int], frame: int) -> ConditionIds:
        """The phone conditions of `frame`, the last one that was advanced to, [takes, `PHONE_CONDITIONS`]."""
        songs = [self._songs[take] for take in takes]
        rows = [NO_PHONE_CONDITIONS if song is None else song.condition_ids(frame) for song in songs]
        return np.array(rows, np.int64)

    def conditions_from(self, take: int, first: int, frame: int) -> ConditionIds:
        """The phone conditions of frames `first` to `frame`, the last one that was advanced to, of a window that begins
        there, [T, `PHONE_CONDITIONS`]."""
        song = self._songs[take]
        rows = [NO_PHONE_CONDITIONS] * (frame + 1 - first) if song is None else song.conditions_from(first, frame)
        return np.array(rows, np.int64)

    def advance(self, takes: Sequence[int], frame: int, logits_BP: NDArray[np.float32]) -> None:
        """Decide the phones of `frame` from the logits of `head_rows` that come just before it is written."""
        for take, logits_P in zip(takes, logits_BP.tolist(), strict=True):
            song = self._songs[take]
            if song is not None and frame < len(song.index):
                song.advance(frame, logits_P)

    def unfinished(self, takes: Sequence[int], frame: int) -> NDArray[np.bool_]:
        """Whether phones are left in `frame` that the take must still sing: no song ends there, bool [takes]."""
        songs = [self._songs[take] for take in takes]
        return np.array([song is not None and song.is_unfinished(frame) for song in songs])

    def phone_index(self, take: int, frames: int) -> NDArray[np.int16] | None:
        """Where a take was in its phones in each of so many frames, int16 [T]; None where they are not known."""
        song = self._songs[take]
        return None if song is None else np.array(song.index[:frames], np.int16)


class _Song:
    """A song on its way through its phones: its index in every frame, and how long it has been at the last one."""

    def __init__(self, sequence: PhoneSequence, low: Sequence[int], high: Sequence[int], table_rows: int) -> None:
        self.sequence, self.table_rows = sequence, table_rows
        self.phones, self.low, self.high = sequence.phones, low, high
        self.planned: list[tuple[int, ...]] = []
        if list(low) == list(high):
            self.planned = [within(row, table_rows) for row in sequence.condition_ids(low)]
        places = [place for place in range(len(self.phones)) for _ in range(MAX_HELD_FRAMES)]
        held = sequence.condition_ids(places, timed=False)
        self.rows = [held[first : first + MAX_HELD_FRAMES] for first in range(0, len(held), MAX_HELD_FRAMES)]
        self.index = [0] * len(low)
        self.held_frames, self.log_stay = 0, 0.0

    def condition_ids(self, frame: int) -> tuple[int, ...]:
        frame = min(frame, len(self.index) - 1)  # a take may be stepped past its end
        if self.planned:
            return self.planned[frame]
        at = self.index[frame]
        return self.rows[at][min(self.held_frames, MAX_HELD_FRAMES - 1)]

    def conditions_from(self, first: int, frame: int) -> list[tuple[int, ...]]:
        places = self.low[first:] if self.planned else self.index[first : frame + 1]
        rows = self.sequence.condition_ids(places, timed=bool(self.planned))
        return [within(row, self.table_rows) for row in rows[: frame + 1 - first]]

    def is_unfinished(self, frame: int) -> bool:
        return frame < len(self.index) and self.index[frame] < self.low[-1]

    def advance(self, frame: int, logits_P: Sequence[float]) -> None:
        at = max(self.index[frame - 1], self.low[frame] - 1)
        stay, *moves = (
            logits_P[self.phones[to]] if self._may_go(at, to, frame) else -math.inf for to in range(at, at + STEPS)
        )
        self.log_stay -= float(np.logaddexp(0.0, np.logaddexp.reduce(moves) - stay))  # log sigmoid
        if self.log_stay < -math.log(2):
            self.index[frame] = at + 1 + int(np.argmax(moves))
            self.held_frames, self.log_stay = 0, 0.0
        else:
            self.index[frame] = at
            self.held_frames += 1

    def _may_go(self, at: int, to: int, frame: int) -> bool:
        within = to < len(self.phones) and self.low[frame] <= to <= self.high[frame]
        return within and (to - at < 2 or self.phones[at + 1] == REST)
