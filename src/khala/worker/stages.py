"""The stages of a take by the pipeline, with files between them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from khala.audio.peaks import peaks
from khala.audio.transcode import transcode
from khala.engine.opening import choose_device, needs_torch, require_possible, settings_need_torch
from khala.generation.kept import KeptSong
from khala.generation.pipeline import Pipeline
from khala.generation.pipeline import load as load_pipeline
from khala.generation.plan import TakePlan
from khala.generation.tagging import tags_of
from khala.generation.take import Take
from khala.jobs.artifacts import temporary_file_error
from khala.jobs.records import KEPT, Claim
from khala.jobs.stages import Keep, Left, StageOutput
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.result import BackboneResult, Candidate
from khala.music.errors import InvalidRequest, KhalaError, OutputError
from khala.music.loras import parted
from khala.music.progress import Progress
from khala.scoring import align, hear, score
from khala.weights.opening import open_model
from khala.worker.live import SAFETENSORS, compose, wall_seconds
from khala.worker.uploads import encoded, is_upload

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
        self._can_be_live: dict[str, bool] = {}
        self.model: str | None = None
        """Name of the loaded model with its adapters, as requested."""

    def backbone(self, claims: Sequence[Claim], report: Progress, wanted: Callable[[Claim], bool]) -> list[StageOutput]:
        """Return the files `backbone`: a `BackboneResult`, its candidates as JSON, and seconds of work. Takes that do
        not fit into memory together are decoded in several batches."""
        pipeline = self._load(claims, report)
        made, outputs = [claim for claim in claims if not is_upload(claim)], dict[str, StageOutput]()
        for batch in pipeline.batches([_plan(pipeline, claim) for claim in made]):
            start = perf_counter()
            its = made[len(outputs) : len(outputs) + len(batch)]
            results = pipeline.backbone(batch, report, lambda take, its=its: wanted(its[take]))  # type: ignore[misc]
            seconds = (perf_counter() - start) / len(batch)
            outputs |= {claim.take_id: self._backbone(one, seconds) for claim, one in zip(its, results, strict=True)}
        for claim in claims:
            if is_upload(claim):
                start = perf_counter()
                report("backbone", 0, 1)
                result = BackboneResult(encoded(pipeline, claim)[:FIRST_LEVEL], ended=True)
                outputs[claim.take_id] = self._backbone(result, perf_counter() - start)
        return [outputs[claim.take_id] for claim in claims]

    def superres(self, claims: Sequence[Claim], backbones: Sequence[bytes], report: Progress) -> list[StageOutput]:
        """Return the files `codes`: codes int16 [levels, T] and seconds of work. Takes share passes over the model."""
        pipeline = self._load(claims, report)
        start = perf_counter()
        codes = {claim.take_id: encoded(pipeline, claim) for claim in claims if is_upload(claim)}
        drafts = {
            claim.take_id: (_plan(pipeline, claim), _result(load(backbone)))
            for claim, backbone in zip(claims, backbones, strict=True)
            if claim.take_id not in codes
        }
        if drafts:
            plans, results = zip(*drafts.values(), strict=True)
            codes |= zip(drafts, pipeline.superres(plans, results, report), strict=True)
        seconds = (perf_counter() - start) / len(claims)
        return [self._output("codes", codes[claim.take_id], seconds) for claim in claims]

    def render(self, claim: Claim, backbone: bytes, codes: bytes, report: Progress) -> StageOutput:
        """Return the files `audio.flac` (24 bits), `audio.mp3`, `metadata` (the record of `khala generate`), `peaks`
        and KEPT. Raises StoreError if there is no room for temporary files."""
        pipeline = self._load([claim], report)
        first, second = load(backbone), load(codes)
        before = {"backbone": float(first["seconds"]), "superres": float(second["seconds"])}
        take = pipeline.render(_plan(pipeline, claim), second["codes"], _result(first), before, report)
        return self._finished(claim, take, {stage: take.metadata["seconds"][stage] for stage in ("decode", "finish")})

    def can_be_live(self, model: str) -> bool:
        """Return whether graphs compute that model here. PyTorch goes through a song stage by stage; it would gain the
        time of the codec, a few seconds of many, for which takes would give up being decoded together."""
        if model not in self._can_be_live:
            try:
                opened = open_model(parted(model)[0], verify=False)
                reason = needs_torch(opened.folder, opened.config, *self._settings, self._engine)
                self._can_be_live[model] = reason is None
            except KhalaError:  # told when the take is made
                return False
        return self._can_be_live[model]

    def live(self, claim: Claim, left: Left, report: Progress, keep: Keep) -> StageOutput:
        """Make the take with all stages side by side; its files are those of the stages one after the other."""
        pipeline, start = self._load([claim], report), perf_counter()
        result = None if left.backbone is None else _result(load(left.backbone))

        def keep_backbone(result: BackboneResult) -> None:
            keep(replace(self._backbone(result, perf_counter() - start), seconds={}))

        take = compose(pipeline, _plan(pipeline, claim), left, result, report, keep, keep_backbone)
        output = self._finished(claim, take, wall_seconds(take.metadata["seconds"], perf_counter() - start))
        codes = self._output("codes", take.codes, take.metadata["seconds"]["superres"])
        return replace(output, files={**codes.files, **output.files})

    def unload(self) -> None:
        """Free the memory of the model."""
        if self._pipeline is not None:
            self._pipeline.close()
        self._pipeline = self.model = None

    def _finished(self, claim: Claim, take: Take, seconds: Mapping[str, float]) -> StageOutput:
        """Return the files of a finished take, which took so many `seconds` by stage."""
        record = take.metadata
        if claim.asked_seconds is not None:
            record = {**record, "asked_seconds": claim.asked_seconds}
        if is_upload(claim):
            record = {**record, "derived": {"kind": "upload", "parent": None, "start": None, "end": None}}
        assert take.kept is not None
        tags = tags_of(record, cover=claim.song_id, song=take.kept.to_text())
        pairs = [[round(float(low), 4), round(float(high), 4)] for low, high in peaks(take.samples, PEAKS)]
        try:
            with TemporaryDirectory(prefix="khala-") as folder:
                flac = take.save(Path(folder) / "audio.flac", tags=tags).read_bytes()
        except (OSError, OutputError) as error:  # not the take's fault: it waits, and is rendered again
            raise temporary_file_error(error) from error
        files = {
            "audio.flac": ("audio/flac", flac),
            "audio.mp3": ("audio/mpeg", transcode(flac, "mp3", tags)),  # the format that players request first
            KEPT: (SAFETENSORS, take.kept.to_bytes()),
            "metadata": ("application/json", json.dumps(record, ensure_ascii=False).encode()),
            "peaks": ("application/json", json.dumps({"duration": take.seconds, "peaks": pairs}).encode()),
        }
        return StageOutput(files, seconds, take.seconds, record)

    def _backbone(self, result: BackboneResult, seconds: float) -> StageOutput:
        more = {} if result.phone_index is None else {"phone_index": result.phone_index}
        more["ended"] = np.array(result.ended, np.uint8)
        if result.candidates:
            candidates = json.dumps([candidate.to_dict() for candidate in result.candidates])
            more["candidates"] = np.frombuffer(candidates.encode(), np.uint8)
        return self._output("backbone", result.codes, seconds, **more)

    def _load(self, claims: Sequence[Claim], report: Progress) -> Pipeline:
        """Load the model of these takes, in the mode that memory allows for the longest of them."""
        model, seconds = claims[0].model, max(claim.request.duration for claim in claims)
        if self._pipeline is None or self.model != model or not self._pipeline.fits(seconds):
            self.unload()
            report("load", 0, 1)
            name, loras = parted(model)
            self._pipeline = load_pipeline(
                name, *self._settings, self._mode, seconds, score, self._engine, align, hear, loras
            )
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
    origin = claim.origin
    if origin is None or origin.rework is None:
        return pipeline.plan_take(claim.request, claim.number)
    source = KeptSong.from_bytes(claim.sources[KEPT])
    if source.digest != pipeline.engine.digest:
        raise InvalidRequest(
            f"the take was made by the model {claim.model} {source.digest[:12]}, which is "
            f"{pipeline.engine.digest[:12]} here; upload its audio"
        )
    return pipeline.plan_rework(source, origin.rework, claim.request, claim.number, origin.parent_id)
