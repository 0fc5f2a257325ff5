"""When each line of the lyrics is sung, as they were given: for the record, and for pages that follow the song."""

from dataclasses import dataclass
from typing import Any

from khala.generation.plan import TakePlan
from khala.models.lm.result import BackboneResult
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

    def to_dict(self, frame_rate: float) -> dict[str, Any]:
        """The line as JSON values; times in seconds."""
        begin, end = (None if frame is None else round(frame / frame_rate, 3) for frame in (self.begin, self.end))
        return {"line": self.row.number, "text": self.row.text, "start": begin, "end": end, "sung": self.sung}


def timed_lines(plan: TakePlan, result: BackboneResult) -> list[TimedLine] | None:
    """Every line that the lyrics hold, in order; None where it is not known when lines are sung."""
    phones = plan.conditioning.phones if plan.conditioning else None
    if phones is None or result.phone_index is None:
        return None
    rows = plan.preview.lyrics.lines
    timed = [TimedLine(row) for row in rows]
    sources = plan.preview.singable.sources
    for source, span in zip(sources, phones.line_spans(result.phone_index.tolist()), strict=True):
        if span:
            before = timed[source]
            begin = span[0] if before.begin is None else before.begin
            timed[source] = TimedLine(rows[source], begin, span[1], before.share + span[2] / sources.count(source))
    return timed
