"""What a worker computes: the stages of the pipeline, with files between them."""

import gc
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load, save

from khala.audio.peaks import peaks
from khala.audio.transcode import transcode
from khala.generation.device import choose_device
from khala.generation.pipeline import Pipeline
from khala.generation.pipeline import load as load_pipeline
from khala.generation.plan import TakePlan
from khala.generation.result import BackboneResult, Candidate
from khala.jobs.artifacts import no_room
from khala.jobs.records import Claim
from khala.jobs.workflow import Made, Report
from khala.music.errors import OutputError
from khala.scoring import score

SAFETENSORS = "application/x-safetensors"
COLUMNS = 1000
"""Columns of a take's peaks."""


class PipelineStages:
    """`jobs.workflow.Stages` by `generation.Pipeline`, on one device. It keeps the model that it used last.

    `mode` as in `generation.pipeline.load`: with "auto" a model is kept whole while the songs at hand leave room for
    that, else one part of it at a time. A take that fits in neither way is refused (InvalidRequest, with advice)."""

    def __init__(
        self, device: str = "auto", dtype: str = "auto", mode: Literal["auto", "keep_loaded", "one_shot"] = "auto"
    ) -> None:
        self.device = choose_device(device)
        self._dtype, self._mode = dtype, mode
        self._pipeline: Pipeline | None = None
        self.model: str | None = None
        """The model that is loaded, by the name that it was asked for by."""

    def backbone(self, claims: Sequence[Claim], report: Report, wanted: Callable[[Claim], bool]) -> list[Made]:
        """The file `backbone`: a `BackboneResult`, its candidates as JSON, and seconds of work. Takes that do not fit
        into memory together are decoded one batch after another."""
        pipeline = self._load(claims, report)
        made: list[Made] = []
        for batch in pipeline.batches([_plan(pipeline, claim) for claim in claims]):
            start = perf_counter()
            its = claims[len(made) : len(made) + len(batch)]
            results = pipeline.backbone(batch, report, lambda take, its=its: wanted(its[take]))  # type: ignore[misc]
            seconds = (perf_counter() - start) / len(batch)
            for result in results:
                more = {} if result.phone_index is None else {"phone_index": result.phone_index}
                more["ended"] = np.array(result.ended, np.uint8)
                if result.candidates:
                    judged = json.dumps([candidate.to_dict() for candidate in result.candidates])
                    more["candidates"] = np.frombuffer(judged.encode(), np.uint8)
                made.append(self._made("backbone", result.codes, seconds, **more))
        return made

    def superres(self, claims: Sequence[Claim], backbones: Sequence[bytes], report: Report) -> list[Made]:
        """The file `codes`: codes int16 [levels, T], seconds of work. Takes share passes over the model."""
        pipeline = self._load(claims, report)
        start = perf_counter()
        drafts = [_result(load(backbone)) for backbone in backbones]
        refined = pipeline.superres([_plan(pipeline, claim) for claim in claims], drafts, report)
        seconds = (perf_counter() - start) / len(claims)
        return [self._made("codes", codes, seconds) for codes in refined]

    def render(self, claim: Claim, backbone: bytes, codes: bytes, report: Report) -> Made:
        """The files `audio.flac` (24 bits), `audio.mp3`, `metadata` (the record of `khala generate`) and `peaks`.
        Raises StoreError where there is no room for temporary files."""
        pipeline = self._load([claim], report)
        first, second = load(backbone), load(codes)
        before = {"backbone": float(first["seconds"]), "superres": float(second["seconds"])}
        take = pipeline.render(_plan(pipeline, claim), second["codes"], _result(first), before, report)
        record = take.metadata
        if claim.asked_seconds is not None:
            record = {**record, "asked_seconds": claim.asked_seconds}
        outline = [[round(float(low), 4), round(float(high), 4)] for low, high in peaks(take.samples, COLUMNS)]
        try:
            with TemporaryDirectory(prefix="khala-") as folder:
                flac = take.save(Path(folder) / "audio.flac").read_bytes()
        except (OSError, OutputError) as error:  # no fault of the take: it waits, and is rendered again
            raise no_room(error) from error
        files = {
            "audio.flac": ("audio/flac", flac),
            "audio.mp3": ("audio/mpeg", transcode(flac, "mp3")),  # what players ask for at once
            "metadata": ("application/json", json.dumps(record, ensure_ascii=False).encode()),
            "peaks": ("application/json", json.dumps({"duration": take.seconds, "peaks": outline}).encode()),
        }
        seconds = {stage: take.metadata["seconds"][stage] for stage in ("decode", "finish")}
        return Made(files, seconds, take.seconds, record)

    def unload(self) -> None:
        """Free the memory that the model takes."""
        self._pipeline = self.model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _load(self, claims: Sequence[Claim], report: Report) -> Pipeline:
        """The model of these takes, as memory allows for the longest of them."""
        model, seconds = claims[0].model, max(claim.request.duration for claim in claims)
        if self._pipeline is None or self.model != model or not self._pipeline.fits(seconds):
            self.unload()
            report("load", 0, 1)
            self._pipeline = load_pipeline(model, str(self.device), self._dtype, self._mode, seconds, score)
            self.model = model
            report("load", 1, 1)
        return self._pipeline

    def _made(self, kind: str, codes: NDArray[np.int16], seconds: float, **more: NDArray[Any]) -> Made:
        assert self._pipeline is not None
        content = save({"codes": np.ascontiguousarray(codes), "seconds": np.array(round(seconds, 3)), **more})
        return Made({kind: (SAFETENSORS, content)}, {_STAGE[kind]: seconds}, codes.shape[1] / self._pipeline.frame_rate)


_STAGE = {"backbone": "backbone", "codes": "superres"}


def _result(tensors: dict[str, NDArray[Any]]) -> BackboneResult:
    judged = json.loads(tensors["candidates"].tobytes()) if "candidates" in tensors else []
    candidates = tuple(Candidate(**one) for one in judged)
    return BackboneResult(
        tensors["codes"], bool(tensors["ended"]), tensors.get("phone_index", tensors.get("places")), candidates
    )


def _plan(pipeline: Pipeline, claim: Claim) -> TakePlan:
    return pipeline.plan_take(claim.request, claim.number + 1)
