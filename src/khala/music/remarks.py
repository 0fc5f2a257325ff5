"""Remarks: warnings about a request, given before the song is made. They never refuse it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Remark:
    """A warning about a request.

    `kind` is for programs, which may translate it; `text` is one English sentence; `line` is a line number in the
    lyrics as given, from 1; `values` are what the text mentions.
    """

    kind: str
    text: str
    line: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return {"kind": self.kind, "text": self.text, "line": self.line, "values": dict(self.values)}
