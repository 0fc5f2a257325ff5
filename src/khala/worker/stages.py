"""The stages of a take by the pipeline, with files between them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from khala.audio.peaks import peaks
from khala.audio.transcode import transcode
from khala.engine.opening import choose_device, require_possible, settings_need_torch
from khala.generation.pipeline import Pipeline
from khala.generation.pipeline import load as load_pipeline
from khala.generation.plan import TakePlan
from khala.generation.tagging import tags_of
from khala.jobs.artifacts import temporary_file_error
from khala.jobs.records import Claim
from khala.jobs.stages import StageOutput
from khala.models.lm.result import BackboneResult, Candidate
from khala.music.errors import OutputError
from khala.music.progress import Progress
from khala.scoring import align, score

SAFETENSORS = "application/x-safetensors"
PEAKS = 1000
"""Number of peaks of a take."""


class PipelineStages:
    """`jobs.stages.Stages` by `generation.Pipeline` on one device. Keeps the model that was used last.

    `mode` and `engine` as in `generation.pipeline.load`: the mode "auto" keeps the whole model in memory while the
    songs leave room for it, else one part of it at a time. A take that fits in neither way raises InvalidRequest, with
    advice.
    """

    def __init__(
        self,
        device: str = "auto",
        dtype: str = "auto",
        mode: Literal["auto", "keep_loaded", "one_shot"] = "auto",
        engine: str = "auto",
    ) -> None:
        """Raises InvalidRequest for settings by which this machine can make no song."""
        require_possible(settings_need_torch(device, dtype, engine), engine)
        self.device = choose_device(device, engine)
        self._settings, self._mode, self._engine = (device, dtype), mode, engine
        self._pipeline: Pipeline | None = None
        self.model: str | None = None
        """Name of the loaded model, as requested."""

    def backbone(self, claims: Sequence[Claim], report: Progress, wanted: Callable[[Claim], bool]) -> list[StageOutput]:
        """Return the files `backbone`: a `BackboneResult`, its candidates as JSON, and seconds of work. Takes that do
        not fit into memory together are decoded in several batches."""
        pipeline = self._load(claims, report)
        outputs: list[StageOutput] = []
        for batch in pipeline.batches([_plan(pipeline, claim) for claim in claims]):
            start = perf_counter()
            its = claims[len(outputs) : len(outputs) + len(batch)]
            results = pipeline.backbone(batch, report, lambda take, its=its: wanted(its[take]))  # type: ignore[misc]
            seconds = (perf_counter() - start) / len(batch)
            for result in results:
                more = {} if result.phone_index is None else {"phone_index": result.phone_index}
                more["ended"] = np.array(result.ended, np.uint8)
                if result.candidates:
                    candidates = json.dumps([candidate.to_dict() for candidate in result.candidates])
                    more["candidates"] = np.frombuffer(candidates.encode(), np.uint8)
                outputs.append(self._output("backbone", result.codes, seconds, **more))
        return outputs

    def superres(self, claims: Sequence[Claim], backbones: Sequence[bytes], report: Progress) -> list[StageOutput]:
        """Return the files `codes`: codes int16 [levels, T] and seconds of work. Takes share passes over the model."""
        pipeline = self._load(claims, report)
        start = perf_counter()
        drafts = [_result(load(backbone)) for backbone in backbones]
        refined = pipeline.superres([_plan(pipeline, claim) for claim in claims], drafts, report)
        seconds = (perf_counter() - start) / len(claims)
        return [self._output("codes", codes, seconds) for codes in refined]

    def render(self, claim: Claim, backbone: bytes, codes: bytes, report: Progress) -> StageOutput:
        """Return the files `audio.flac` (24 bits), `audio.mp3`, `metadata` (the record of `khala generate`) and
        `peaks`. Raises StoreError if there is no room for temporary files."""
        pipeline = self._load([claim], report)
        first, second = load(backbone), load(codes)
        before = {"backbone": float(first["seconds"]), "superres": float(second["seconds"])}
        take = pipeline.render(_plan(pipeline, claim), second["codes"], _result(first), before, report)
        record = take.metadata
        if claim.asked_seconds is not None:
            record = {**record, "asked_seconds": claim.asked_seconds}
        tags = tags_of(record, cover=claim.song_id)
        pairs = [[round(float(low), 4), round(float(high), 4)] for low, high in peaks(take.samples, PEAKS)]
        try:
            with TemporaryDirectory(prefix="khala-") as folder:
                flac = take.save(Path(folder) / "audio.flac", tags=tags).read_bytes()
        except (OSError, OutputError) as error:  # not the take's fault: it waits, and is rendered again
            raise temporary_file_error(error) from error
        files = {
            "audio.flac": ("audio/flac", flac),
            "audio.mp3": ("audio/mpeg", transcode(flac, "mp3", tags)),  # the format that players request first
            "metadata": ("application/json", json.dumps(record, ensure_ascii=False).encode()),
            "peaks": ("application/json", json.dumps({"duration": take.seconds, "peaks": pairs}).encode()),
        }
        seconds = {stage: take.metadata["seconds"][stage] for stage in ("decode", "finish")}
        return StageOutput(files, seconds, take.seconds, record)

    def unload(self) -> None:
        """Free the memory of the model."""
        if self._pipeline is not None:
            self._pipeline.close()
        self._pipeline = self.model = None

    def _load(self, claims: Sequence[Claim], report: Progress) -> Pipeline:
        """Load the model of these takes, in the mode that memory allows for the longest of them."""
        model, seconds = claims[0].model, max(claim.request.duration for claim in claims)
        if self._pipeline is None or self.model != model or not self._pipeline.fits(seconds):
            self.unload()
            report("load", 0, 1)
            self._pipeline = load_pipeline(model, *self._settings, self._mode, seconds, score, self._engine, align)
            self.model = model
            report("load", 1, 1)
        return self._pipeline

    def _output(self, kind: str, codes: NDArray[np.int16], seconds: float, **more: NDArray[Any]) -> StageOutput:
        assert self._pipeline is not None
        content = save({"codes": np.ascontiguousarray(codes), "seconds": np.array(round(seconds, 3)), **more})
        return StageOutput(
            {kind: (SAFETENSORS, content)}, {_STAGE[kind]: seconds}, codes.shape[1] / self._pipeline.frame_rate
        )


_STAGE = {"backbone": "backbone", "codes": "superres"}


def _result(tensors: dict[str, NDArray[Any]]) -> BackboneResult:
    stored = json.loads(tensors["candidates"].tobytes()) if "candidates" in tensors else []
    candidates = tuple(Candidate(**one) for one in stored)
    return BackboneResult(
        tensors["codes"], bool(tensors["ended"]), tensors.get("phone_index", tensors.get("places")), candidates
    )


def _plan(pipeline: Pipeline, claim: Claim) -> TakePlan:
    return pipeline.plan_take(claim.request, claim.number)
