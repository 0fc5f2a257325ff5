"""A rework in the plan of a take: which frames are written anew, and what is known of the others."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.generation.kept import KeptSong, Span
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.result import BackboneResult
from khala.music.rework import Kind


@dataclass(frozen=True)
class PlannedRework:
    """What becomes of `source`: its frames outside of `spans` stay what they are.

    `goes_on` says that the only span begins where it does and lasts to the end of the new song; if not, the song has as
    many frames as before. `pinned` int16 [T] holds the index of the new song's phones in the frames that stay, -1 in
    all others; None where it is not known. Of `candidates` the one is kept behind which the source is likeliest to go
    on. `parent` identifies the source in the record of the new song.
    """

    kind: Kind
    source: KeptSong
    spans: tuple[Span, ...]
    goes_on: bool
    pinned: NDArray[np.int16] | None = None
    candidates: int = 1
    parent: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of the song is refined anew, and nothing written."""
        return self.kind == "refine"

    @property
    def keeps_samples(self) -> bool:
        """Whether some of the song is heard again."""
        return self.spans[0][0] > 0 or not (self.goes_on or self.is_whole)

    @property
    def known(self) -> NDArray[np.int16] | None:
        """Codes of the backbone as in `Slot.known`: of the frames before the last span ends."""
        begin, end = self.spans[-1]
        known_2T = self.source.codes[:FIRST_LEVEL, : begin if self.goes_on else end].copy()
        for begin, end in self.spans:
            known_2T[:, begin:end] = -1
        return known_2T if known_2T.shape[1] else None

    def completed(self, result: BackboneResult) -> BackboneResult:
        """What the backbone made, with what of the source comes behind it."""
        if self.goes_on:
            return result
        end, source = self.spans[-1][1], self.source
        codes_2T = np.concatenate([result.codes[:, :end], source.codes[:FIRST_LEVEL, end:]], axis=1)
        index = result.phone_index
        if index is not None:
            rest = self.pinned[end:] if self.pinned is not None else np.full(source.frames - end, index[end - 1])
            index = np.concatenate([index[:end], rest]).astype(np.int16)
        return replace(result, codes=codes_2T, ended=source.ended, phone_index=index)

    def kept_codes(self, frames: int) -> NDArray[np.int16]:
        """Codes [Q, `frames`] of the new song, 0 where they are not the source's."""
        codes_QT = np.zeros((len(self.source.codes), frames), np.int16)
        common = min(frames, self.source.frames)
        codes_QT[:, :common] = self.source.codes[:, :common]
        for begin, end in self.spans_of(frames):
            codes_QT[:, begin:end] = 0
        return codes_QT

    def spans_of(self, frames: int) -> tuple[Span, ...]:
        """The spans in a song that has come to `frames` frames."""
        return ((self.spans[-1][0], frames),) if self.goes_on else self.spans

    def to_record(self, frame_rate: float, frames: int) -> dict[str, Any]:
        """The field `derived` of the song's record: times in seconds, `end` None for a song that goes on to its end."""
        spans = [[round(edge / frame_rate, 3) for edge in span] for span in self.spans_of(frames)]
        return {
            "kind": self.kind,
            "parent": {"id": self.parent, "digest": self.source.codes_digest},
            "start": spans[0][0],
            "end": None if self.goes_on else spans[-1][1],
            "spans": spans,
        }
