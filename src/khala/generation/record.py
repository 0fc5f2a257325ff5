"""The record of a take: everything needed to make the same samples again, and what came of it."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from khala import __version__
from khala.engine.base import Engine
from khala.generation.finish import FinishReport
from khala.generation.plan import TakePlan
from khala.generation.timed_lyrics import timed_lines
from khala.models.lm.result import BackboneResult


def make_record(
    engine: Engine, plan: TakePlan, result: BackboneResult, report: FinishReport, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """The record as JSON values. `seconds` counts the take's own time in decode and finish; those of backbone and
    superres are for all takes that shared them."""
    config, frames = engine.config, result.codes.shape[1]
    library, version = engine.library
    rate, lines, outline = config.frame_rate, timed_lines(plan, result), plan.preview.outline
    if outline and lines is not None:  # lines where they are sung, not where they were meant to be
        spans = ((line.begin, line.end) for line in lines)
        outline = replace(outline, lines=tuple((a, b) for a, b in spans if a is not None and b is not None))
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
        "lyrics": None if lines is None else [line.to_dict(rate) for line in lines],
        "unsung_lines": None if lines is None else sum(not line.sung for line in lines),
        "remarks": [remark.to_dict() for remark in plan.preview.remarks],
        "seconds": dict(seconds),
    }
    if result.candidates:
        record["candidates"] = [candidate.to_dict() for candidate in result.candidates]
    return record | report.to_dict()
