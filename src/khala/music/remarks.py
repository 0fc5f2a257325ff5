"""Remarks: what a person should know about a request before a song is made of it. They refuse nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Remark:
    """`kind` is for programs (a page that translates), `text` is one English sentence for people; `line` is the number
    of the line of the lyrics as given, from 1; `values` are what the text names."""

    kind: str
    text: str
    line: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text, "line": self.line, "values": dict(self.values)}
