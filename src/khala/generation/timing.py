"""When each line of the lyrics is sung, as they were given: for the record, and for whoever shows them beside the
song."""

from dataclasses import dataclass
from typing import Any

from khala.generation.decode import BackboneResult
from khala.generation.plan import Plan
from khala.music.reading import Row

WHOLE = 0.75
"""A line counts as sung if this share of its phones is."""


@dataclass(frozen=True)
class TimedLine:
    """A line of the lyrics: frames from `begin` to `end`, or None where nothing of it is sung, and the share of its
    phones that is."""

    row: Row
    begin: int | None = None
    end: int | None = None
    share: float = 0.0

    @property
    def sung(self) -> bool:
        return self.share >= WHOLE

    def to_dict(self, rate: float) -> dict[str, Any]:
        """The line as JSON values; times in seconds, at so many frames a second."""
        begin, end = (None if frame is None else round(frame / rate, 3) for frame in (self.begin, self.end))
        return {"line": self.row.number, "text": self.row.text, "start": begin, "end": end, "sung": self.sung}


def timed_lines(plan: Plan, result: BackboneResult) -> list[TimedLine] | None:
    """Every line that the lyrics hold, in order; None where nobody knows when it is sung."""
    if plan.words is None or result.places is None:
        return None
    rows = plan.preview.lyrics.lines
    timed = [TimedLine(row) for row in rows]
    sources = plan.preview.singable.sources
    for source, span in zip(sources, plan.words.sung(result.places.tolist()), strict=True):
        if span:
            before = timed[source]
            begin = span[0] if before.begin is None else before.begin
            timed[source] = TimedLine(rows[source], begin, span[1], before.share + span[2] / sources.count(source))
    return timed
