"""Reworks: what of a song is made anew, and how."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from khala.music.errors import InvalidRequest
from khala.music.request import MAX_BEST_OF, MAX_SECONDS

Kind = Literal["extend", "edit", "vary", "refine"]
"""Go on from a point; write a part anew between what stands before and after; write all anew from a point on; keep what
the backbone wrote, and refine it anew."""
CANDIDATES = 4
"""So many are made of an edited part; the one is kept behind which the old song is likeliest to go on."""


@dataclass(frozen=True)
class Rework:
    """A rework of a song. `start` and `stop` are seconds; None is the song's beginning or end, and for "extend" where
    its last part before the outro ends. An edit may name a `section` instead, "chorus:2" for the second chorus, or
    nothing, if its lyrics differ. Raises InvalidRequest."""

    kind: Kind
    start: float | None = None
    stop: float | None = None
    section: str | None = None
    candidates: int = CANDIDATES

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidRequest(f"a rework is one of {', '.join(get_args(Kind))}, not {str(self.kind)[:20]!r}")
        for name in ("start", "stop"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _seconds(name, value))
        if self.kind != "edit" and (self.stop is not None or self.section is not None):
            raise InvalidRequest("only an edit has a section or an end; leave them out")
        if self.kind == "refine" and self.start is not None:
            raise InvalidRequest("a song is refined anew from its beginning; leave out the start")
        if self.section is not None:
            if (self.start, self.stop) != (None, None):
                raise InvalidRequest("both a section and a range were given; use only one of them")
            split_section(self.section)
        if self.kind == "edit" and self.stop is not None and self.stop <= (self.start or 0.0):
            raise InvalidRequest(f"the range ends at {self.stop:g} s, before it begins; give its beginning first")
        if type(self.candidates) is not int or not 1 <= self.candidates <= MAX_BEST_OF:
            raise InvalidRequest(
                f"candidates is {self.candidates!r}; it must be a whole number from 1 to {MAX_BEST_OF}"
            )

    @property
    def names_place(self) -> bool:
        """Whether it says which part of the song it is about."""
        return (self.start, self.stop, self.section) != (None, None, None)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a rework from JSON values. Raises InvalidRequest, also for unknown fields."""
        known = {field.name for field in fields(cls)}
        if unknown := [key for key in values if key not in known]:
            raise InvalidRequest(f"a rework has no field {unknown[0]!r}; its fields are {', '.join(sorted(known))}")
        if "kind" not in values:
            raise InvalidRequest("a rework needs its kind")
        return cls(**values)


def split_section(text: str) -> tuple[str, int]:
    """Return the name and the number, from 1, of a section: "chorus:2", or "chorus" for the first. Raises
    InvalidRequest."""
    found = re.fullmatch(r"\s*([^:]{1,40}?)\s*(?::\s*(\d{1,3})\s*)?", text) if isinstance(text, str) else None
    if not found or not found[1] or found[2] == "0":
        raise InvalidRequest(f"{str(text)[:40]!r} is not a section; write it as chorus or, for the second, chorus:2")
    return found[1].lower(), int(found[2] or 1)


def parse_time(text: str) -> float:
    """Return "1:05", "1:05.5" or "65.5" in seconds. Raises InvalidRequest."""
    if clock := re.fullmatch(r"(\d{1,3}):([0-5]?\d(?:\.\d+)?)", text.strip()):
        return 60.0 * int(clock[1]) + float(clock[2])
    if re.fullmatch(r"\d{1,4}(\.\d+)?", text.strip()):
        return float(text)
    raise InvalidRequest(f"{text[:40]!r} is not a time; write it as 1:05 or in seconds")


def parse_range(text: str) -> tuple[float, float | None]:
    """Return "0:40-0:55" or "40-55" in seconds; without an end, "40-", it is None. Raises InvalidRequest."""
    start, dash, stop = text.partition("-")
    if not dash:
        raise InvalidRequest(f"{text[:40]!r} is not a range; write it as 0:40-0:55")
    return parse_time(start), parse_time(stop) if stop.strip() else None


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_SECONDS:
        return float(value)
    raise InvalidRequest(f"{name} is {str(value)[:40]}; it must be a number of seconds from 0 to {MAX_SECONDS:g}")
