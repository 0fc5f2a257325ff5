"""What a song keeps so that it can be reworked: its codes, when its lines are sung, how loud it was made."""

import base64
import binascii
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from khala.conditioning.outline import Outline
from khala.models.codec.packing import pack_codes, unpack_codes
from khala.music.errors import InvalidRequest

Span = tuple[int, int]
"""First frame, and the frame after the last."""
UNKNOWN_PLACE = -1, -1


@dataclass(frozen=True)
class KeptSong:
    """A song as its model wrote it: `codes` int16 [levels, T] of the model with this `digest`, and the `gain` in dB by
    which it was mastered. `ended` says whether it came to its end.

    `lines` are its lines as they are sung, `places` their frames (`UNKNOWN_PLACE`: not known). With an `outline` come
    the `phone_index` int16 [T] and `starts`, the index of each line's first phone (`conditioning.phone_sequence`), if
    the model knows them.
    """

    codes: NDArray[np.int16]
    digest: str
    gain: float
    ended: bool
    lines: tuple[str, ...] = ()
    places: tuple[Span, ...] = ()
    outline: Outline | None = None
    phone_index: NDArray[np.int16] | None = None
    starts: tuple[int, ...] = ()

    @property
    def frames(self) -> int:
        return int(self.codes.shape[1])

    @property
    def codes_digest(self) -> str:
        """The SHA-256 of the codes: songs with the same one are the same."""
        return sha256(np.ascontiguousarray(self.codes, "<i2").tobytes()).hexdigest()

    @property
    def sung(self) -> tuple[Span, ...]:
        """The frames in which each line is sung, `UNKNOWN_PLACE` for one that is not; its place where phones are not
        known."""
        index = self.phone_index
        if index is None:
            return self.places
        rests = [*(start - 1 for start in self.starts[1:]), int(index.max(initial=0))][: len(self.starts)]
        begins, ends = (np.searchsorted(index, edges).tolist() for edges in (self.starts, rests))
        return tuple((a, b) if a < b else UNKNOWN_PLACE for a, b in zip(begins, ends, strict=True))

    def to_bytes(self) -> bytes:
        """Return the song as safetensors: `codes` packed in 10 bits, `phone_index`, and the rest as JSON."""
        tensors: dict[str, NDArray[Any]] = {"codes": pack_codes(self.codes)}
        if self.phone_index is not None:
            tensors["phone_index"] = self.phone_index.astype(np.int16)
        fields = {
            "frames": self.frames,
            "digest": self.digest,
            "gain": round(self.gain, 4),
            "ended": self.ended,
            "lines": self.lines,
            "places": self.places,
            "outline": self.outline and self.outline.to_frames(),
            "starts": self.starts,
        }
        return save(tensors, {"song": json.dumps(fields, ensure_ascii=False, separators=(",", ":"))})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote. It may come from anyone. Raises InvalidRequest."""
        try:
            tensors = load(content)
            size = int.from_bytes(content[:8], "little")
            fields = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["song"])
            frames, index, outline = int(fields["frames"]), tensors.get("phone_index"), fields["outline"]
            made = cls(
                codes=unpack_codes(tensors["codes"], frames),
                digest=str(fields["digest"]),
                gain=float(fields["gain"]),
                ended=bool(fields["ended"]),
                lines=tuple(str(line) for line in fields["lines"]),
                places=tuple((int(begin), int(end)) for begin, end in fields["places"]),
                outline=Outline.from_frames(outline) if outline else None,
                phone_index=index,
                starts=tuple(int(start) for start in fields["starts"]),
            )
        except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise _damaged(error) from None
        odd = index is not None and (index.shape != (frames,) or index.dtype != np.int16)
        if odd or frames < 1 or len(made.lines) != len(made.places) or not np.isfinite(made.gain):
            raise _damaged("its parts do not fit together")
        return made

    def to_text(self) -> str:
        """Return the song as text for tags and JSON."""
        return base64.b64encode(self.to_bytes()).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote. Raises InvalidRequest."""
        try:
            return cls.from_bytes(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError) as error:
            raise _damaged(error) from None


def _damaged(why: object) -> InvalidRequest:
    return InvalidRequest(f"the song's codes are damaged ({why}); take the file as Khala wrote it")
