"""The record of a take: everything needed to make the same samples again, and what came of it."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from khala import __version__
from khala.audio.samples import Samples
from khala.engine.base import Engine
from khala.generation.finish import FinishReport
from khala.generation.plan import TakePlan
from khala.generation.timed_lyrics import LyricsTiming
from khala.models.lm.result import BackboneResult
from khala.music.heard import Heard

MusicHearer = Callable[[Samples, int], Heard]
"""Samples [2, n] and their rate -> tempo, bars and key."""


def make_record(
    engine: Engine,
    plan: TakePlan,
    result: BackboneResult,
    report: FinishReport,
    seconds: Mapping[str, float],
    timing: LyricsTiming | None,
    heard: Heard | None = None,
) -> dict[str, Any]:
    """The record as JSON values. `seconds` counts the take's own time in decode and finish; those of backbone and
    superres are for all takes that shared them. `timing` is None where it is not known when words are sung, `heard`
    where nobody listened to the music."""
    config, frames = engine.config, result.codes.shape[1]
    library, version = engine.library
    rate, outline = config.frame_rate, plan.preview.outline
    by_model = timing is not None and timing.timed_by == "model"
    if outline and timing and by_model:  # lines where they are sung, not where they were meant to be
        spans = ((line.start, line.end) for line in timing.lines)
        sung = ((round(a * rate), round(b * rate)) for a, b in spans if a is not None and b is not None)
        outline = replace(outline, lines=tuple(sung))
    record = {
        "request": plan.request.to_dict(),
        "take": plan.number,
        "seed": plan.seed,
        "model": {"name": config.name, "digest": engine.digest, "license": config.license},
        "versions": {
            "khala": __version__,
            library: version,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "engine": engine.name,
        "device": engine.device,
        "dtype": engine.dtype,
        "prompt_tokens": {"backbone": len(plan.backbone_ids), "superres": len(plan.superres_ids)},
        "prompt_cut": plan.prompt_cut,
        "frames": frames,
        "duration": round(frames / rate, 3),
        "max_frames": plan.max_frames,
        "max_frames_set_by": plan.limited_by,
        "truncated": not result.ended,
        "outline": outline and outline.to_dict(rate),
        "lyrics": timing and [line.to_dict() for line in timing.lines],
        "lyrics_timed_by": timing and timing.timed_by,
        "unsung_lines": sum(not line.sung for line in timing.lines) if timing and by_model else None,
        "remarks": [remark.to_dict() for remark in plan.preview.remarks],
        "seconds": dict(seconds),
    }
    if engine.adapters:
        record["loras"] = [one.to_dict() for one in engine.adapters]
    if plan.rework:
        record["derived"] = plan.rework.to_record(rate, frames)
    if result.candidates:
        record["candidates"] = [candidate.to_dict() for candidate in result.candidates]
    if heard and (known := heard.to_dict()):
        record["heard"] = known
    return record | report.to_dict()
