"""From a take to what it keeps, and from that to what the backbone made."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from khala.generation.kept import UNKNOWN_PLACE, KeptSong
from khala.generation.plan import TakePlan
from khala.generation.planned_rework import PlannedRework
from khala.generation.timed_lyrics import LyricsTiming
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.result import BackboneResult


def keep_song(
    plan: TakePlan,
    result: BackboneResult,
    codes: NDArray[np.int16],
    timing: LyricsTiming | None,
    gain: float,
    digest: str,
    frame_rate: float,
) -> KeptSong:
    """What a take with these `codes` [Q, T] keeps, mastered by a `gain` in dB, of the model with a `digest`."""
    lines = tuple(row.text for row in plan.preview.singable.lyrics.lines)
    outline, phones = plan.preview.outline, plan.conditioning.phones if plan.conditioning else None
    heard = timing.lines if timing else ()
    times = [(line.start, line.end) for line in heard] if len(heard) == len(lines) else [(None, None)] * len(lines)
    places = tuple(
        UNKNOWN_PLACE if a is None or b is None else (round(a * frame_rate), round(b * frame_rate)) for a, b in times
    )
    if outline is not None:
        was_recorded = result.phone_index is None and len(places) == len(outline.lines)
        if was_recorded and UNKNOWN_PLACE not in places:  # nobody led it through the outline
            outline = replace(outline, lines=places)
        places = outline.lines
    count = min(len(lines), len(places))
    return KeptSong(
        codes=codes,
        digest=digest,
        gain=gain,
        ended=result.ended,
        lines=lines[:count],
        places=places[:count],
        outline=outline,
        phone_index=result.phone_index,
        starts=phones.starts[:count] if phones else (),
    )


def kept_result(rework: PlannedRework) -> BackboneResult:
    """What the backbone made of the source of a rework."""
    source = rework.source
    return BackboneResult(source.codes[:FIRST_LEVEL], source.ended, source.phone_index)
