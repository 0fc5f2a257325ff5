"""A line of the report of `khala doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`what` was checked and what was `found`; `state` is "ok", "lacking" (something optional is missing) or
    "broken"."""

    what: str
    found: str
    state: str = "ok"
